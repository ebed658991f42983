/**
 * Every conformance case, by topic.
 *
 * @module
 */

import type { Cases } from "../target.ts";
import { abort } from "./abort.ts";
import { admission } from "./admission.ts";
import { ascii } from "./ascii.ts";
import { concurrency } from "./concurrency.ts";
import { dataConnections } from "./data_connections.ts";
import { descriptorCases } from "./descriptors.ts";
import { directories } from "./directories.ts";
import { ends } from "./ends.ts";
import { facts } from "./facts.ts";
import { fairness } from "./fairness.ts";
import { integrity } from "./integrity.ts";
import { ipv6 } from "./ipv6.ts";
import { limits } from "./limits.ts";
import { commandLines } from "./lines.ts";
import { listing } from "./listing.ts";
import { login } from "./login.ts";
import { names } from "./names.ts";
import { outside } from "./outside.ts";
import { parameters } from "./parameters.ts";
import { paths } from "./paths.ts";
import { resume } from "./resume.ts";
import { retrieve } from "./retrieve.ts";
import { robustness } from "./robustness.ts";
import { echo, hello, mini } from "./small_protocols.ts";
import { store } from "./store.ts";
import { strangers } from "./strangers.ts";
import { uploadRaces } from "./upload_races.ts";

/** The topics in the order in which they run: what others build on comes first. */
export const topics: ReadonlyMap<string, Cases> = new Map([
  ["login", login],
  ["parameters", parameters],
  ["command lines", commandLines],
  ["directories", directories],
  ["paths", paths],
  ["names", names],
  ["data connections", dataConnections],
  ["retrieve", retrieve],
  ["store", store],
  ["resume", resume],
  ["abort", abort],
  ["ascii", ascii],
  ["listing", listing],
  ["facts", facts],
  ["ipv6", ipv6],
  ["concurrency", concurrency],
  ["robustness", robustness],
  ["limits", limits],
  ["descriptors", descriptorCases],
  ["ends", ends],
  ["strangers", strangers],
  ["admission", admission],
  ["integrity", integrity],
  ["upload races", uploadRaces],
  ["outside", outside],
  ["fairness", fairness],
  ["mini", mini],
  ["echo", echo],
  ["hello", hello],
]);
