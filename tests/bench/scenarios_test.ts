/** Tests of bench/scenarios/: what each says of itself. Nothing is measured. @module */

import { assertEquals } from "@std/assert";
import { FILE_SIZES, SCENARIOS } from "../../bench/scenarios/mod.ts";

Deno.test("a scenario has the sessions of its groups, at every point", () => {
  const steady = { seconds: 1, probes: 0, stallMs: 1, capacity: 1 };
  const around = { host: "", port: 0, root: "", sizes: FILE_SIZES, ...steady };
  for (const scenario of SCENARIOS) {
    for (const point of scenario.points) {
      const groups = scenario.groups(point, around);
      const clientsOf = (isSilent: boolean) =>
        groups.filter(({ action }) => (action === "hold") === isSilent)
          .reduce((sum, { clients }) => sum + clients, 0);
      const expected = { idle: clientsOf(true), busy: clientsOf(false) };
      assertEquals(scenario.sessions(point), expected, `${scenario.id} ${point.id}`);
    }
  }
});
