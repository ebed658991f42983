/**
 * Compiles the benchmark's programs in C: the twins and the load that is cheaper than any
 * server. Both are conveniences: where there is no compiler the benchmark says so and goes on.
 *
 * @module
 */

/** Standard C17, and every warning that finds mistakes. */
const FLAGS = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror"];

/** Compiles `sources` to `program`, and tries it; what is wrong in one line, if anything is. */
export async function compile(
  program: string,
  sources: readonly string[],
): Promise<string | undefined> {
  try {
    const args = [...FLAGS, "-o", program, ...sources, "-lm"];
    const { success, stderr } = await new Deno.Command("cc", { args, stdin: "null" }).output();
    if (!success) return `the C compiler refuses it: ${firstLine(stderr)}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no C compiler, cc";
    throw error;
  }
  return await whyNotRun(program);
}

/** Why `program` may not be run where it is, if so: that may be mounted noexec (mount(8)). */
async function whyNotRun(program: string): Promise<string | undefined> {
  try {
    // Without arguments and input all of them end at once.
    await new Deno.Command(program, { stdin: "null" }).output();
    return undefined;
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    return "what is compiled may not be run where temporary files are";
  }
}

/** What `octets` say before the first line feed. */
export function firstLine(octets: Uint8Array): string {
  return new TextDecoder().decode(octets).split("\n")[0]!;
}
