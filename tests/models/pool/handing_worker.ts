/**
 * A worker of supervisor_test.ts that ends without a look at its inbox; the one that accepts hands
 * a connection over before.
 *
 * @module
 */

import { Handoff } from "../../../models/pool/handoff.ts";
import type { WorkerMessage, WorkerStart } from "../../../models/pool/link.ts";

interface Scope {
  onmessage: ((event: MessageEvent<WorkerStart | "wake">) => void) | null;
  postMessage(message: WorkerMessage): void;
}

const scope = globalThis as unknown as Scope;

const REMOTE = { family: 4, host: "192.0.2.1", port: 40_000 } as const;

let handoff: Handoff;

scope.onmessage = ({ data }) => {
  if (data === "wake") {
    // The first one is its own.
    if (handoff.accepts) { for (const fd of [7, 8]) handoff.give({ fd, remote: REMOTE }, 0); }
    return scope.postMessage({ kind: "finished" });
  }
  handoff = new Handoff(data.handoff!, data.index);
  handoff.open(-1);
  scope.postMessage({ kind: "ready", port: 2121 });
};
