/**
 * Steps of a plan as a person reads them.
 *
 * @module
 */

import { unreachable } from "../../server/unreachable.ts";
import { LocalError } from "../errors.ts";
import type { Action } from "./compare.ts";

/** A step of a plan in a line: `get films/a.avi (new)`. */
export function describeAction(action: Action, direction: "down" | "up"): string {
  switch (action.kind) {
    case "makeDirectory":
      return `mkdir ${action.path === "" ? "." : action.path}`;
    case "copy":
      return `${direction === "down" ? "get" : "put"} ${action.path} (${WHY[action.why]})`;
    case "keep":
      return `keep ${action.path}`;
    case "skip":
    case "refuse":
      return `${action.kind} ${action.path} (${action.reason})`;
    case "removeFile":
      return `rm ${action.path}`;
    case "removeDirectory":
      return `rmdir ${action.path}`;
    default:
      return unreachable(action);
  }
}

/** Why a file that should be copied is not. */
export function refusalOf({ path, reason }: Extract<Action, { kind: "refuse" }>): LocalError {
  return new LocalError(`Cannot copy "${path}": ${reason}`);
}

const WHY = { new: "new", size: "another size", time: "another time", content: "other content" };
