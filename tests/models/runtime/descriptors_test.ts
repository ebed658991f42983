/**
 * Workers of async that there are no descriptors for: the runtime would end the process.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Child } from "../../child.ts";
import { flagsOf, lacking, NEEDS, ONE_OF_EACH } from "../../faults/process.ts";
import { testWith } from "../../permission.ts";
import { Root } from "../../served.ts";

/** Descriptors of a server, and more workers than those are enough for. */
const DESCRIPTORS = 200, WORKERS = 64;

const async = ONE_OF_EACH.find(({ model }) => model.name === "async")!;

testWith(
  NEEDS,
  "serve does not start workers that there are no descriptors for [async]",
  async () => {
    using root = new Root();
    const crowded = { ...async, options: { ...async.options, workers: WORKERS } };
    await using server = Child.serve(flagsOf(crowded, root.path), {
      wrapper: ["prlimit", `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`],
    });
    const { code, stdout, stderr } = await server.ended();
    const says = "ftplab: Cannot start a worker: too many open files\n";
    assertEquals([code, stdout, stderr], [1, "", says]);
  },
  lacking("prlimit", `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`, "true"),
);
