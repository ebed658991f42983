/** This process's environment, changed for the length of a test. @module */

/** Does `use` with `variables` in the environment; all are as they were when it is over. */
export async function withEnvironment(
  variables: Readonly<Record<string, string>>,
  use: () => Promise<void>,
): Promise<void> {
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    await use();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

/** Has `script` found as the program `name` before any other; it is written into `folder`. */
export async function withProgram(
  folder: string,
  name: string,
  script: string,
  use: () => Promise<void>,
): Promise<void> {
  await Deno.writeTextFile(`${folder}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await withEnvironment({ PATH: `${folder}:${Deno.env.get("PATH")}` }, use);
}
