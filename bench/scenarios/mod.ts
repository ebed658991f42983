/**
 * All scenarios: what is measured, as data, one file each. jobs.ts turns a point into jobs for the
 * load; claims/ and report/ turn the results into the grid and the plots, and know tags only.
 *
 * @module
 */

import { scenario as asleep } from "./asleep.ts";
import { scenario as burst } from "./burst.ts";
import { scenario as control } from "./control.ts";
import { scenario as disk } from "./disk.ts";
import { scenario as idle } from "./idle.ts";
import { scenario as large } from "./large.ts";
import { scenario as logins } from "./logins.ts";
import { scenario as mixed } from "./mixed.ts";
import { scenario as slow } from "./slow.ts";
import { scenario as small } from "./small.ts";
import { scenario as turns } from "./turns.ts";
import { scenario as uploads } from "./uploads.ts";
import { scenario as wakeups } from "./wakeups.ts";
import type { Point, Scenario } from "./scenario.ts";

export { FILE_SIZES } from "./parts.ts";
export type {
  Contest,
  FigureId,
  FileSizes,
  Point,
  Scenario,
  Sign,
  Surroundings,
  Tag,
} from "./scenario.ts";

/** All scenarios, in the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  control,
  idle,
  asleep,
  logins,
  burst,
  small,
  uploads,
  large,
  slow,
  mixed,
  turns,
  disk,
  wakeups,
];

/** The scenario of that name. */
export function scenarioOf(id: string): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.id === id);
}

/**
 * The points that `scenario` is judged by, its headline and contests, and what these need: the
 * closed loop that finds the capacity of an open one, and the fewest sessions, for a slope of memory.
 */
export function headlinePoints(scenario: Scenario): Point[] {
  const ids = new Set([scenario.headline, ...scenario.further ?? []].map(({ point }) => point));
  const ofCapacity = scenario.points.some((point) => point.ofCapacity && ids.has(point.id));
  const sloping = scenario.tags.includes("sessions") && scenario.ownServer === "for-memory";
  return scenario.points.filter((point, index) =>
    ids.has(point.id) || (ofCapacity && point.findsCapacity) || (sloping && index === 0)
  );
}
