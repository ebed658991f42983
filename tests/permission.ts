/**
 * Registers tests by the permissions that they need, so that `deno test` without flags passes.
 *
 * A test whose permissions are not granted is reported as ignored, with the missing ones in its
 * name. Nobody is asked, on a terminal neither: `deno test` denies every request, as if it had been
 * given --no-prompt. `deno task test` passes `--complete`, which turns a missing permission into a
 * failure.
 *
 * @module
 */

/** A permission by the name that the runtime's flags use. */
export type Need = "net" | "read" | "write" | "run" | "ffi" | "env" | "sys";

/** The permissions that a test against a server of ours needs, whatever the model. */
export const SERVER_NEEDS: readonly Need[] = ["net", "read", "write", "ffi", "sys", "env"];

const complete = Deno.args.includes("--complete");
const states = new Map<Need, boolean>();

function granted(need: Need): boolean {
  let state = states.get(need);
  if (state === undefined) {
    const descriptor = { name: need } as Deno.PermissionDescriptor;
    state = Deno.permissions.querySync(descriptor).state === "granted";
    states.set(need, state);
  }
  return state;
}

/** The needs among `needs` that were not granted. */
export function missing(needs: readonly Need[]): Need[] {
  return needs.filter((need) => !granted(need));
}

/** Registers a test that runs only with `needs`; `skip` is a reason not to run it at all. */
export function testWith(
  needs: readonly Need[],
  name: string,
  run: (context: Deno.TestContext) => void | Promise<void>,
  skip?: string,
): void {
  if (skip !== undefined) {
    Deno.test({ name: `${name} (skipped: ${skip})`, ignore: true, fn: run });
    return;
  }
  const lacking = missing(needs);
  if (lacking.length === 0) {
    Deno.test({ name, fn: run });
    return;
  }
  const flags = lacking.map((need) => `--allow-${need}`).join(" ");
  if (complete) throw new Error(`Cannot run "${name}" without ${flags}`);
  Deno.test({ name: `${name} (needs ${flags})`, ignore: true, fn: run });
}
