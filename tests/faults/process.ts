/**
 * What the tests of faults share: flags of serve for a variant, programs of the system that inject
 * a fault, and what /proc says about a server.
 *
 * @module
 */

import { assert } from "@std/assert";
import { type Variant, variants } from "../conformance/variants.ts";
import { missing, type Need, SERVER_NEEDS } from "../permission.ts";

/** What a test of a server process needs. */
export const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

/**
 * One variant of each kind: a thread for each client, a loop, the runtime, a ring. Enough for what does not
 * depend on how a loop waits: disks, rights, listings.
 */
export const ONE_OF_EACH: readonly Variant[] = variants.filter(({ name }) =>
  /^(blocking|multiplex epoll level|async|uring)$/.test(name)
);

/** Flags of serve for `variant` on a free port; blocking gets up to `threads`, `started` at first. */
export function flagsOf(
  { model, options }: Variant,
  root: string,
  threads = 6,
  started = 2,
): string[] {
  const { selector, trigger, workers = 1 } = options;
  const pool = ["--workers", `${started}`, "--max-workers", `${threads}`];
  return [
    ...["--model", model.name, "--port", "0", "--root", root],
    ...(selector === undefined ? [] : ["--selector", selector]),
    ...(trigger === undefined ? [] : ["--trigger", trigger]),
    ...(model.name === "blocking" ? pool : ["--workers", `${workers}`]),
  ];
}

/** Why `program` cannot be used here: it is missing, or ends with an error when run so. */
export function lacking(program: string, ...args: string[]): string | undefined {
  if (missing(["run"]).length > 0) return undefined;
  try {
    const { success } = new Deno.Command(program, { args, stdout: "null", stderr: "null" })
      .outputSync();
    return success ? undefined : `${program} is not permitted`;
  } catch {
    return `${program} is missing`;
  }
}

/** The output of a program that must succeed. */
export async function output(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const [said, complaint] = [stdout, stderr].map((octets) => new TextDecoder().decode(octets));
  assert(success, `${program} ${args.join(" ")}: ${complaint}`);
  return said!;
}

/** How many descriptors the process `pid` has. */
export async function descriptorsOf(pid: number): Promise<number> {
  return (await output("ls", `/proc/${pid}/fd`)).trim().split("\n").length;
}

/** A field of /proc/PID/status in KiB: VmRSS what is resident, VmHWM the most that ever was. */
export async function memoryOf(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(
    await output("cat", `/proc/${pid}/status`),
  );
  assert(match !== null, `No ${field} of ${pid}`);
  return Number(match[1]);
}

/**
 * The most memory that the process `pid` takes over what it takes now, while `act` goes on, in KiB; what it
 * took at most before is forgotten (proc(5), clear_refs).
 */
export async function growth(pid: number, act: () => Promise<void>): Promise<number> {
  await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5");
  const before = await memoryOf(pid, "VmRSS");
  await act();
  return await memoryOf(pid, "VmHWM") - before;
}
