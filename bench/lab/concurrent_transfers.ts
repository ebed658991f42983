/**
 * Whatever a server waits in, several clients can upload and download at the same time: that is
 * what all the models are for. They differ in what "at the same time" is made of. A pool of threads
 * lets the kernel divide the processors; a loop moves a piece for this client and then a piece for
 * that one; an async program is such a loop that the runtime writes.
 *
 * Each client stops in the middle of its transfer until all the others are in the middle of theirs,
 * so that no model can pass by doing one transfer after the other. Then all go on; the order in
 * which their pieces come is noted, and every octet is compared with what it has to be.
 *
 * @module
 */

import { models } from "../../models/mod.ts";
import { contentBlock } from "../load/content.ts";
import type { Lesson, Measured, Verdict } from "./lesson.ts";
import { transfers } from "./stage/transfers.ts";

/** See Lesson. */
export const lesson: Lesson = {
  name: "concurrent-transfers",
  title: "several uploads and downloads at once, under each model",
  claim: "Under every model several clients upload and download at the same time",
  plan: "Let clients upload and others download, each waiting in the middle for all the rest, " +
    "under blocking, polling, multiplex, async and uring in turn, and compare every octet",
  rule: "confirmed when under every model that runs here all transfers were in the middle at the " +
    "same time and every octet was right",
  refutedIf:
    "one model carries its transfers out one after the other, as a single thread that blocks " +
    "does, so that they never meet in the middle, or an octet arrives wrong",
  code: [
    "models/driver/transfer.ts: what one data connection does next, in every model",
    "models/runtime/data_connection.ts: its acts by awaiting",
  ],
  async run({ size, say, signal }) {
    const [pairs, octets] = size === "full" ? [3, 8 << 20] : [2, 1 << 20];
    const content = contentBlock(0, octets);
    const measured: Measured[] = [];
    const wrong: string[] = [];
    for (const model of models.values()) {
      const absent = model.unavailable();
      if (absent !== undefined) {
        measured.push({ name: model.name, value: `not here: ${absent}` });
        continue;
      }
      say(`${model.name}: ${pairs} uploads and ${pairs} downloads`);
      const course = await transfers(model.name, pairs, content, signal);
      if (verdictOf(course, 2 * pairs) === "refuted") wrong.push(model.name);
      measured.push({
        name: model.name,
        value: `${course.sessions} sessions at once, ${course.right} of ${2 * pairs} transfers ` +
          `right, ${course.changes} changes between them`,
      });
    }
    return {
      measured,
      verdict: wrong.length === 0 ? "confirmed" : "refuted",
      reason: wrong.length === 0
        ? `${2 * pairs} transfers were under way at once under every model, and all octets right`
        : `not so under ${wrong.join(", ")}`,
    };
  },
};

/** The rule, of one model: whether all were under way at once, how many transfers were right. */
export function verdictOf(
  { met, right }: { readonly met: boolean; readonly right: number },
  transfers: number,
): Verdict {
  return met && right === transfers ? "confirmed" : "refuted";
}
