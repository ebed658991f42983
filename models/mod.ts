/**
 * Every model, found by name: the public face of the ways to wait.
 *
 * @module
 */

import { async } from "./async.ts";
import { blocking } from "./blocking.ts";
import { type Model, MODEL_NAMES, type ModelName } from "./model.ts";
import { multiplex } from "./multiplex.ts";
import { polling } from "./polling.ts";
import { uring } from "./uring.ts";

export type { AdmissionLimits } from "./admission.ts";
export { hostAndPort } from "./address.ts";
// Of model.ts all but what a worker's side of a model is made of.
export {
  type DiskDelay,
  type Lane,
  LANES,
  type Model,
  MODEL_NAMES,
  type ModelLimits,
  type ModelName,
  SELECTOR_NAMES,
  type SelectorName,
  ServeError,
  type ServeOptions,
  type Server,
  SILENT,
  type Terminal,
  type Trigger,
  type WorkerStats,
} from "./model.ts";
export * from "./options.ts";

const MODELS: Readonly<Record<ModelName, Model>> = { blocking, polling, multiplex, async, uring };

/** In the order in which they are taught. */
export const models: ReadonlyMap<string, Model> = new Map(
  MODEL_NAMES.map((name) => [name, MODELS[name]]),
);
