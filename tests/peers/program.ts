/**
 * Runs foreign programs against a server of ours: in an empty folder of their own, which is their
 * home too, so that no settings of this machine's user take part; for a bounded time.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { missing, type Need, SERVER_NEEDS } from "../permission.ts";
import type { Target } from "../conformance/target.ts";

/** What the tests with foreign programs need. */
export const PEER_NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

/** A program that has not ended by then waits for what will never come. */
const PROGRAM_MS_MAX = 15_000;

/** How a program ended and what it said. */
export interface Ended {
  /** The exit status. */
  readonly code: number;
  /** Its standard output, as UTF-8. */
  readonly stdout: string;
  /** Its standard error, as UTF-8. */
  readonly stderr: string;
}

/** Why `program` cannot be run here, or undefined when it can. */
export function absent(program: string): string | undefined {
  if (missing(PEER_NEEDS).length > 0) return undefined;
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const found = folders.some((folder) => {
    try {
      return Deno.statSync(`${folder}/${program}`).isFile;
    } catch {
      return false;
    }
  });
  return found ? undefined : `${program} is not installed`;
}

/** The folder on this side that a case's programs run in; removed when the case ends. */
export class Desk {
  private constructor(readonly folder: string) {}

  /** An empty one. */
  static async open(target: Target): Promise<Desk> {
    const folder = await Deno.makeTempDir({ prefix: "ftplab-peer-" });
    target.defer({ close: () => Deno.remove(folder, { recursive: true }) });
    return new Desk(folder);
  }

  /** The path of `name` in it. */
  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  /** Makes the file `name`. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(this.path(name), bytes);
  }

  /** The octets of the file `name`. */
  async read(name: string): Promise<Uint8Array> {
    return await Deno.readFile(this.path(name));
  }

  /** Runs `program` in it with `stdin`; fails unless it ends with a code among `codes`. */
  async run(
    program: string,
    args: readonly string[],
    { stdin = "", codes = [0] }: { stdin?: string; codes?: readonly number[] } = {},
  ): Promise<Ended> {
    const child = new Deno.Command(program, {
      args: [...args],
      cwd: this.folder,
      clearEnv: true,
      env: {
        HOME: this.folder,
        PATH: Deno.env.get("PATH") ?? "",
        LC_ALL: "C.UTF-8",
        TERM: "dumb",
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(PROGRAM_MS_MAX),
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
    await writer.close().catch(() => {});
    const output = await child.output();
    const decoder = new TextDecoder();
    const ended = {
      code: output.code,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
    const said = `${program} ${args.join(" ")} ended with ${ended.code}:\n${ended.stderr}`;
    assertEquals(codes.includes(ended.code), true, `${said}\n${ended.stdout.slice(-2000)}`);
    return ended;
  }
}
