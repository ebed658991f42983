/**
 * Compiles the benchmark's programs in C: the twins and the load that is cheaper than any
 * server. Both are conveniences: where there is no compiler the benchmark says so and goes on.
 *
 * @module
 */

/** Standard C17, and every warning that finds mistakes. */
const FLAGS = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror"];

/** Compiles `sources` to `program`; what is wrong in one line, if anything is. */
export async function compile(
  program: string,
  sources: readonly string[],
): Promise<string | undefined> {
  try {
    const args = [...FLAGS, "-o", program, ...sources, "-lm"];
    const { success, stderr } = await new Deno.Command("cc", { args, stdin: "null" }).output();
    return success ? undefined : `the C compiler refuses it: ${firstLine(stderr)}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no C compiler, cc";
    throw error;
  }
}

/** What `octets` say before the first line feed. */
export function firstLine(octets: Uint8Array): string {
  return new TextDecoder().decode(octets).split("\n")[0]!;
}
