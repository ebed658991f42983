/**
 * The last name of a path on this machine.
 *
 * The standard library has it in a dozen files, which the runtime finds and reads at each start of
 * the client: that took 14 ms, longer than a small file takes to come.
 *
 * @module
 */

/** "b" of "/a/b" and of "a/b/"; on Windows of "C:\\a\\b", too. What has no name is itself. */
export function baseName(path: string, isWindows: boolean = Deno.build.os === "windows"): string {
  const names = path.split(isWindows ? /[/\\]|^[a-z]:/i : "/");
  return names.findLast((name) => name !== "") ?? path;
}
