/**
 * Runs dialogues against a server over TCP, with a client that knows nothing but sockets.
 *
 * @module
 */

import { assert, assertEquals, fail } from "@std/assert";
import { concatenate } from "../../server/mod.ts";
import { type Dialogue, encodeClientLine, matches, placeOf, type Step } from "./dialogue.ts";

/** A step that takes longer has failed: a server that says nothing must not hang the suite. */
const STEP_MS_MAX = 20_000;

/**
 * Runs one dialogue against the server at `address`, which serves `root` and has the accounts of
 * PASSWORDS. What `root` holds is removed first: it is this dialogue's alone.
 *
 * Throws an AssertionError that says where the dialogue went another way.
 */
export async function runOverTcp(
  dialogue: Dialogue,
  address: { readonly host: string; readonly port: number },
  root: string,
): Promise<void> {
  await plant(dialogue, root);
  const control = await Deno.connect({ hostname: address.host, port: address.port });
  const run = new Run(dialogue, control, address.host, root);
  try {
    for (const [index, step] of dialogue.steps.entries()) {
      await within(STEP_MS_MAX, placeOf(dialogue, step), () => run.step(step, index), control);
    }
    await run.expectSilence();
  } finally {
    run.close();
  }
}

async function plant(dialogue: Dialogue, root: string): Promise<void> {
  for await (const { name } of Deno.readDir(root)) {
    try {
      await Deno.remove(`${root}/${name}`, { recursive: true });
    } catch (error) {
      // The server may be removing what an upload of the dialogue before has left.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  for (const { path, content, modifiedMs } of dialogue.tree) {
    const real = root + path;
    // The process's umask has no part in what the dialogues see.
    if (content === undefined) {
      await Deno.mkdir(real);
      await Deno.chmod(real, 0o755);
      continue;
    }
    await Deno.writeTextFile(real, content);
    await Deno.chmod(real, 0o644);
    if (modifiedMs !== undefined) await Deno.utime(real, new Date(), new Date(modifiedMs));
  }
}

/** `body`, or an error about `place` when it takes too long; `control` is then closed. */
async function within(
  ms: number,
  place: string,
  body: () => Promise<void>,
  control: Deno.Conn,
): Promise<void> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    control.close();
  }, ms);
  try {
    await body();
  } catch (error) {
    if (late) fail(`${place}: nothing came in ${ms} ms`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

class Run {
  #octets: Uint8Array = new Uint8Array(0);
  /** A line that was read to look at it. */
  #ahead: string | undefined;
  /** Where the next data connection is to be had. */
  #route: Deno.Listener | number | undefined;
  /** Listeners and data connections: closed with the dialogue at the latest. */
  readonly #opened: { close(): void }[] = [];
  #gone = false;

  constructor(
    readonly dialogue: Dialogue,
    readonly control: Deno.Conn,
    readonly host: string,
    readonly root: string,
  ) {
    this.#opened.push(control);
  }

  close(): void {
    for (const resource of this.#opened) {
      try {
        resource.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    }
  }

  async step(step: Step, index: number): Promise<void> {
    const place = placeOf(this.dialogue, step);
    switch (step.kind) {
      case "client": {
        const fill = (placeholder: string) => this.#fill(placeholder);
        return await this.#write(
          concatenate(step.lines.map((line) => encodeClientLine(line, fill))),
        );
      }
      case "server": {
        const line = await this.#takeLine();
        if (line === undefined) fail(`${place}: the server closed the connection`);
        if (!matches(line, step.pattern)) fail(`${place}: the server says ${JSON.stringify(line)}`);
        return;
      }
      case "skip":
        return await this.#skip(this.dialogue.steps[index + 1], place);
      case "download": {
        const text = new TextDecoder().decode(await this.#download());
        const matching = step.isPattern ? matches(text, step.content) : text === step.content;
        if (!matching) fail(`${place}: got ${JSON.stringify(text.slice(0, 1000))}`);
        return;
      }
      case "upload":
        return await this.#upload(new TextEncoder().encode(step.content));
      case "expect":
        return assertEquals(await Deno.readTextFile(this.root + step.path), step.content, place);
      case "absent":
        return assert(!await exists(this.root + step.path), place);
      case "hangup":
        this.#gone = true;
        return this.control.close();
      case "closed":
        this.#gone = true;
        return assertEquals(await this.#takeLine(), undefined, `${place}: the server says more`);
      case "pass":
        return;
      case "stop":
      case "fail":
        throw new Error(`${place}: only a session alone can do this`);
    }
  }

  /** What the server says after a NOOP is its reply, and so nothing else was to come. */
  async expectSilence(): Promise<void> {
    if (this.#gone) return;
    const place = `${this.dialogue.title}: after the last step`;
    await within(STEP_MS_MAX, place, async () => {
      await this.#write(new TextEncoder().encode("NOOP\r\n"));
      assertEquals((await this.#takeLine())?.slice(0, 4), "200 ", place);
    }, this.control);
  }

  #fill(placeholder: string): string {
    const commas = this.host.replaceAll(".", ",");
    if (placeholder === "host") return commas;
    const listener = Deno.listen({ hostname: this.host, port: 0 });
    this.#opened.push(listener);
    this.#route = listener;
    const { port } = listener.addr;
    switch (placeholder) {
      case "hostport":
        return `${commas},${port >> 8},${port & 255}`;
      case "extended":
        return `|1|${this.host}|${port}|`;
    }
    throw new SyntaxError(`Cannot fill "{${placeholder}}"`);
  }

  async #write(octets: Uint8Array): Promise<void> {
    await writeAll(this.control, octets);
  }

  /** The next line without its end, or undefined at the end of the connection. */
  async #takeLine(): Promise<string | undefined> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined) return ahead;
    let end = this.#octets.indexOf(0x0a);
    while (end === -1) {
      const buffer = new Uint8Array(4096);
      const length = await this.control.read(buffer);
      if (length === null) return undefined;
      this.#octets = concatenate([this.#octets, buffer.subarray(0, length)]);
      end = this.#octets.indexOf(0x0a);
    }
    const line = new TextDecoder().decode(this.#octets.subarray(0, end + 1));
    this.#octets = this.#octets.slice(end + 1);
    assert(line.endsWith("\r\n"), `${JSON.stringify(line)} ends with CR LF`);
    this.#noteRoute(line);
    return line.slice(0, -2);
  }

  #noteRoute(line: string): void {
    const extended = /^229 .*\(\|\|\|(\d+)\|\)/.exec(line);
    const passive = /^227 .*,(\d+),(\d+)\)/.exec(line);
    if (extended !== null) this.#route = Number(extended[1]);
    if (passive !== null) this.#route = Number(passive[1]) * 256 + Number(passive[2]);
  }

  async #skip(next: Step | undefined, place: string): Promise<void> {
    if (next?.kind !== "server") fail(`${place}: "..." needs a line to end with`);
    for (;;) {
      const line = await this.#takeLine();
      if (line === undefined) fail(`${place}: the line ${next.pattern} never came`);
      if (!matches(line, next.pattern)) continue;
      this.#ahead = line;
      return;
    }
  }

  async #connectData(): Promise<Deno.Conn> {
    const route = this.#route;
    if (route === undefined) fail(`${this.dialogue.title}: no data connection was prepared`);
    const data = typeof route === "number"
      ? await Deno.connect({ hostname: this.host, port: route })
      : await route.accept();
    this.#opened.push(data);
    return data;
  }

  async #download(): Promise<Uint8Array> {
    const data = await this.#connectData();
    const parts: Uint8Array[] = [];
    for await (const part of data.readable) parts.push(part);
    return concatenate(parts);
  }

  async #upload(octets: Uint8Array): Promise<void> {
    const data = await this.#connectData();
    await writeAll(data, octets);
    data.close();
  }
}

async function writeAll(connection: Deno.Conn, octets: Uint8Array): Promise<void> {
  for (let written = 0; written < octets.length;) {
    written += await connection.write(octets.subarray(written));
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
