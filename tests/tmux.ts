/**
 * A real terminal for tests: a program in a window of tmux, whose keys are pressed, whose screen is
 * read, and whose size changes. Every terminal is a tmux server of its own, with no user's
 * configuration.
 *
 * @module
 */

import { AssertionError } from "@std/assert";
import type { Need } from "./permission.ts";

/** What a test with a terminal needs. */
export const TERMINAL_NEEDS: readonly Need[] = ["net", "read", "write", "run", "env"];

/** No screen needs seconds for what a test waits for; one that does is stuck. */
const PATIENCE_MS = 20_000;

/** How often the screen is looked at. */
const LOOK_MS = 30;

/** Nothing but the program is on the screen, also after its end. */
const CONFIGURATION = `
set -g status off
set -g remain-on-exit on
set -gq remain-on-exit-format ""
set -g escape-time 0
set -g default-terminal screen-256color
`;

/**
 * Runs its arguments behind the first and writes the exit status there, since tmux now and then
 * loses it. Ctrl-C is for the program.
 */
const SHELL_SCRIPT = 'status=$1; shift; trap : INT; "$@"; echo $? > "$status"';

/** What a terminal shows, and how. */
export interface TerminalOptions {
  /** The program and its arguments; at least one. */
  readonly command: readonly [string, string, ...string[]];
  /** Default 80. */
  readonly columns?: number;
  /** Default 24. */
  readonly rows?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Why no terminal can be had; undefined where one can. */
export function noTerminal(): string | undefined {
  try {
    new Deno.Command("tmux", { args: ["-V"], stdout: "null", stderr: "null" }).outputSync();
    return undefined;
  } catch (error) {
    // Without the permission `testWith` has a reason of its own.
    return error instanceof Deno.errors.NotFound ? "tmux is not installed" : undefined;
  }
}

/** A program on a terminal. */
export class Terminal implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens a terminal and starts the program on it. */
  static async open(options: TerminalOptions): Promise<Terminal> {
    const folder = await Deno.makeTempDir();
    const terminal = new Terminal(folder);
    await Deno.writeTextFile(`${folder}/tmux.conf`, CONFIGURATION);
    const { columns = 80, rows = 24, cwd = folder, env = {}, command } = options;
    const size = ["-x", `${columns}`, "-y", `${rows}`];
    const shell = ["sh", "-c", SHELL_SCRIPT, "sh", `${folder}/status`];
    // tmux itself lets nobody choose TERM.
    const variables = ["env", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
    const program = [...shell, ...variables, ...command];
    try {
      await terminal.#tmux("new-session", "-d", ...size, "-c", cwd, ...program);
    } catch (error) {
      await terminal[Symbol.asyncDispose]();
      throw error;
    }
    return terminal;
  }

  /** The screen as it is now: its lines without the spaces at their ends. */
  async screen(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p")).trimEnd();
  }

  /** The screen with all that scrolled out of it. */
  async history(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p", "-S", "-")).trimEnd();
  }

  /** Resolves with the first screen that matches, or for which `pattern` returns true. */
  waitFor(pattern: RegExp | ((screen: string) => boolean)): Promise<string> {
    const matches = pattern instanceof RegExp ? (text: string) => pattern.test(text) : pattern;
    return this.#until(`a screen with ${pattern}`, async () => {
      const screen = await this.screen();
      return matches(screen) ? screen : undefined;
    });
  }

  /** Types text as it is, without an end of line. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", "--", text);
  }

  /** Presses keys by tmux's names: "Enter", "Tab", "Up", "C-c". */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux("send-keys", "--", ...keys);
  }

  /** Makes the window so large; the program gets SIGWINCH. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", `${columns}`, "-y", `${rows}`);
  }

  /** Resolves with the exit status of the program when it has ended. */
  ended(): Promise<number> {
    return this.#until("the end of the program", async () => {
      // Then all that it wrote is on the screen.
      const dead = (await this.#tmux("display-message", "-p", "#{pane_dead}")).trim();
      if (dead !== "1") return undefined;
      return Number(await Deno.readTextFile(`${this.#folder}/status`));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Its end is what is wanted, and it may have ended.
    await this.#tmux("kill-server").catch(() => {});
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** Looks until there is a value; a test that waits in vain fails with the screen. */
  async #until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > deadline) {
        throw new AssertionError(`Waited in vain for ${what}:\n${await this.history()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async #tmux(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      // -u: the screen is UTF-8, whatever the locale of the test.
      args: ["-u", "-S", `${this.#folder}/socket`, "-f", `${this.#folder}/tmux.conf`, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`tmux ${args[0]}: ${new TextDecoder().decode(stderr).trim()}`);
    return new TextDecoder().decode(stdout);
  }
}
