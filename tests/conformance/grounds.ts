/**
 * Runs cases against the servers of one variant: a served folder of its own, servers that are
 * started when a case first asks for them, a fresh folder and a bounded time per case.
 *
 * @module
 */

import type { Case, Grounds, Overrides, Serving } from "./target.ts";
import { LARGE_CONTENT, Target } from "./target.ts";

/** No case needs seconds; one that waits so long waits for what will never come. */
const CASE_MS_MAX = 20_000;

/** The key of the server that has no settings of its own. */
const ORDINARY = JSON.stringify({});

/** Where `VariantGrounds` gets a server from. */
export type Start = (root: string, overrides: Overrides) => Promise<Serving>;

/** The grounds of one variant; `close` stops all servers and removes the folder. */
export class VariantGrounds implements Grounds {
  readonly #servers = new Map<string, Promise<Serving>>();
  #count = 0;
  #large: Promise<string> | undefined;

  private constructor(readonly folder: string, readonly root: string, readonly start: Start) {}

  /** Makes the served folder, inside a temporary one; no server runs yet. */
  static async open(start: Start): Promise<VariantGrounds> {
    const made = await Deno.makeTempDir({ prefix: "ftplab-conformance-" });
    const folder = await Deno.realPath(made);
    const root = `${folder}/root`;
    await Deno.mkdir(root);
    return new VariantGrounds(folder, root, start);
  }

  /** A file with LARGE_CONTENT beside the served folder, to be linked into it, never written to. */
  large(): Promise<string> {
    return this.#large ??= this.#writeLarge(); // written once, however many cases want it at a time
  }

  async #writeLarge(): Promise<string> {
    const path = `${this.folder}/large`;
    await Deno.writeFile(path, LARGE_CONTENT);
    return path;
  }

  shared(overrides: Overrides): Promise<Serving> {
    const key = JSON.stringify(overrides);
    const running = this.#servers.get(key) ?? this.own(overrides);
    this.#servers.set(key, running);
    return running;
  }

  own(overrides: Overrides): Promise<Serving> {
    return this.start(this.root, overrides);
  }

  /**
   * Runs `run` in a folder of its own and closes what it left open. The folder stays until the
   * end: ext4 spends far more time on names that follow close on removed ones.
   */
  async run(run: Case): Promise<void> {
    const folder = `/case-${++this.#count}`;
    await Deno.mkdir(this.root + folder);
    const target = new Target(await this.shared({}), this, folder);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const expire = () => reject(new Error(`Case still waits after ${CASE_MS_MAX} ms`));
      timer = setTimeout(expire, CASE_MS_MAX);
    });
    try {
      await Promise.race([run(target), late]);
    } finally {
      clearTimeout(timer);
      await target.close();
    }
  }

  /** Stops the servers with settings of their own: threads and rounds that others would feel. */
  async endTopic(): Promise<void> {
    for (const key of this.#servers.keys()) if (key !== ORDINARY) await this.#stop(key);
  }

  /** Stops all servers and removes the served folder. */
  async close(): Promise<void> {
    for (const key of this.#servers.keys()) await this.#stop(key);
    await Deno.remove(this.folder, { recursive: true });
  }

  async #stop(key: string): Promise<void> {
    const server = this.#servers.get(key);
    this.#servers.delete(key);
    await (await server)?.stop(0);
  }
}
