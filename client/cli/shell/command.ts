/**
 * `!command`: a command of this machine, on the same terminal.
 *
 * @module
 */

import { LocalError, localError } from "../../errors.ts";
import { UsageError } from "../flags.ts";

/**
 * Runs it by sh(1) and returns its status; it hears of Ctrl-C itself.
 *
 * @param readsInput Whether standard input is its to read; it is empty to it otherwise.
 * @throws {LocalError} where the runtime may not, or the system does not start it.
 */
export async function runHere(command: string, readsInput: boolean): Promise<number> {
  if (command.trim() === "") throw new UsageError("! takes a command: !ls -l");
  if (command.includes("\0")) throw new UsageError("! takes no command with a NUL in it");
  const { state } = await Deno.permissions.query({ name: "run", command: "sh" });
  if (state !== "granted") {
    throw new LocalError("Cannot run a command: the runtime was not given --allow-run");
  }
  try {
    const stdin = readsInput ? "inherit" : "null";
    const child = new Deno.Command("sh", { args: ["-c", command], stdin }).spawn();
    return (await child.status).code;
  } catch (error) {
    const told = localError("Cannot run a command", error);
    // The runtime looks for sh in PATH by itself: there is no error of the system's then.
    if (told !== error || !(error instanceof Deno.errors.NotFound)) throw told;
    throw new LocalError("Cannot run a command: there is no sh here");
  }
}
