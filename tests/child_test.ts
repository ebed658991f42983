/** Tests of child.ts: what a child started ends with it. @module */

import { Child, runs } from "./child.ts";
import { eventually } from "./eventually.ts";
import { testWith } from "./permission.ts";

/** A program whose own child does not end with it, and holds its streams open. */
const STARTS_ANOTHER = "sleep 1000 & echo $!; wait";

testWith(
  ["read", "run"],
  "Child that is disposed of takes along what it started",
  async () => {
    let started: number;
    {
      await using child = new Child("sh", ["-c", STARTS_ANOTHER]);
      started = Number((await child.stdout.match(/^(\d+)\n/))[1]);
    }
    await eventually("who was started has ended", () => !runs(started));
  },
  Deno.build.os === "linux" ? undefined : "needs /proc",
);

testWith(
  ["read", "run"],
  "Child that is killed does not hold up its dispose by what it started",
  async () => {
    let started: number;
    {
      await using child = new Child("sh", ["-c", STARTS_ANOTHER]);
      started = Number((await child.stdout.match(/^(\d+)\n/))[1]);
      child.kill("SIGKILL");
    }
    Deno.kill(started, "SIGKILL");
  },
  Deno.build.os === "linux" ? undefined : "needs /proc",
);
