/** Tests of bench/run/places.ts: what a report says of folders. @module */

import { assertEquals } from "@std/assert";
import { withoutPlaces } from "../../bench/run/places.ts";
import { testWith } from "../permission.ts";

testWith(["read"], "withoutPlaces leaves nothing that is of one machine", () => {
  const places = { root: "/w/root", state: "/w/state", peersRoots: ["/w/peers"] };
  assertEquals(
    withoutPlaces("/w/peers/usr/sbin/x -c /w/state/c /w/root/incoming", places),
    "PEERS/usr/sbin/x -c STATE/c ROOT/incoming",
  );
  const script = new URL("../../bench/peers/reaper.pl", import.meta.url).pathname;
  assertEquals(
    withoutPlaces(`perl ${script} ${Deno.execPath()}`, { root: "/w/root", state: "/w/state" }),
    "perl bench/peers/reaper.pl deno",
  );
});
