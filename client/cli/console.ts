/**
 * What the command line needs of its surroundings: standard streams, the terminal, Ctrl-C.
 *
 * An interface, so that tests can look at what would be on a screen; `systemConsole` is the real
 * one.
 *
 * @module
 */

import { LocalError, localError } from "../errors.ts";
import { printable } from "../text.ts";
import { LINE_END, pieceOf, untilReady, writeWhole } from "./print.ts";

/** Standard streams and signals. */
export interface Console {
  /** Whether standard input is a terminal. */
  readonly inTerminal: boolean;
  /** Whether standard output is a terminal. */
  readonly outTerminal: boolean;
  /** Whether standard error is one. */
  readonly errTerminal: boolean;
  /** The width of the terminal, at least 20. */
  columns(): number;
  /** Its height, at least 1. */
  rows(): number;
  /** Writes all octets to standard output. Throws `OutputClosed` when nobody reads it any more. */
  write(octets: Uint8Array<ArrayBuffer>): Promise<void>;
  /** The same at once, for what must not pile up while nobody reads. */
  writeSync(octets: Uint8Array<ArrayBuffer>): void;
  /** Writes text to standard error; what cannot be written is lost. */
  writeError(text: string): void;
  /** Reads from standard input. */
  read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null>;
  /** A variable of the environment; undefined also when it must not be read. */
  environment(name: string): string | undefined;
  /**
   * Asks on the terminal for what is typed and not shown; undefined where there is no terminal,
   * its input ends, or `signal` aborts.
   */
  askSecret(prompt: string, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Makes the terminal of standard input raw, or what it was: raw, every key is read as it is
   * pressed, none is shown, and Ctrl-C is a key like any other.
   */
  setRaw(raw: boolean): void;
  /** Calls `listener` whenever the terminal has another size, until the result is called. */
  onResize(listener: () => void): () => void;
  /** Calls `listener` at each SIGINT until the function that it returns is called. */
  onInterrupt(listener: () => void): () => void;
}

/** The user's own folder, as far as the environment tells it; an empty variable tells nothing. */
export function homeOf(console: Console): string | undefined {
  return console.environment("HOME") || console.environment("USERPROFILE") || undefined;
}

/** Whether a path of this machine is the same in any directory: "/a", on Windows "C:\\a", too. */
export function isWhole(path: string, isWindows: boolean = Deno.build.os === "windows"): boolean {
  return (isWindows ? /^(?:[a-z]:|[/\\])/i : /^\//).test(path);
}

/** The reader of standard output has gone: no fault of anyone, and no reason to go on. */
export class OutputClosed extends Error {
  override name = "OutputClosed";
}

/** What is assumed of a terminal that does not tell its size. */
const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;
const COLUMNS_MIN = 20;

/** The console of this process. */
export function systemConsole(): Console {
  let unlisten: (() => void) | undefined;
  const interrupts = new Set<() => void>();
  return {
    inTerminal: Deno.stdin.isTerminal(),
    outTerminal: Deno.stdout.isTerminal(),
    errTerminal: Deno.stderr.isTerminal(),
    columns: () => Math.max(COLUMNS_MIN, consoleSize()?.columns || COLUMNS_DEFAULT),
    rows: () => consoleSize()?.rows || ROWS_DEFAULT,
    write: writeOutput,
    writeSync(octets) {
      try {
        writeWhole(Deno.stdout, octets);
      } catch (error) {
        throw outputError(error);
      }
    },
    writeError(text) {
      try {
        writeWhole(Deno.stderr, new TextEncoder().encode(text));
      } catch {
        // There is no other place to say it.
      }
    },
    async read(buffer) {
      try {
        return await Deno.stdin.read(buffer);
      } catch (error) {
        throw localError("Cannot read standard input", error);
      }
    },
    environment(name) {
      // Asked for without a permission, the runtime would ask the user in its turn.
      const { state } = Deno.permissions.querySync({ name: "env", variable: name });
      return state === "granted" ? Deno.env.get(name) : undefined;
    },
    async askSecret(prompt, signal) {
      if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return undefined;
      const { readSecret } = await import("./secret_line.ts");
      const secret = await readSecret({
        setRaw: (raw) => this.setRaw(raw),
        ask: () => this.writeError(printable(prompt)),
        interrupt: () => interrupts.forEach((listener) => listener()),
      }, signal);
      this.writeError("\n");
      return secret;
    },
    setRaw(raw) {
      Deno.stdin.setRaw(raw);
      unlisten?.();
      unlisten = raw ? restoreAtEnd() : undefined;
    },
    onResize: (listener) => onSignal("SIGWINCH", listener),
    onInterrupt(listener) {
      const unlisten = onSignal("SIGINT", listener);
      interrupts.add(listener);
      return () => {
        interrupts.delete(listener);
        unlisten();
      };
    },
  };
}

async function writeOutput(octets: Uint8Array<ArrayBuffer>): Promise<void> {
  // What ends with a line is text, as a rule; for a file's octets such pieces are too slow.
  const isText = octets.at(-1) === LINE_END;
  try {
    for (let at = 0; at < octets.length;) {
      const rest = octets.subarray(at);
      at += isText
        ? await untilReady(() => Deno.stdout.write(pieceOf(rest)))
        : await Deno.stdout.write(rest);
    }
  } catch (error) {
    throw outputError(error);
  }
}

function outputError(error: unknown): unknown {
  if (error instanceof Deno.errors.BrokenPipe) return new OutputClosed();
  const action = "Cannot write to standard output";
  if (!(error instanceof Deno.errors.WouldBlock)) return localError(action, error);
  // How much of it was taken nobody knows: what is tried again could come twice.
  return new LocalError(`${action}: another process made it non-blocking; "| cat" behind it helps`);
}

function consoleSize(): { columns: number; rows: number } | undefined {
  try {
    return Deno.consoleSize();
  } catch {
    return undefined; // none of the streams is a terminal
  }
}

/** Signals that end a process, and the status that shells show for it. */
const ENDS = [["SIGHUP", 129], ["SIGTERM", 143]] as const;

/** No terminal is left raw behind a process that is told to end. */
function restoreAtEnd(): () => void {
  const unlisten = ENDS.map(([signal, status]) =>
    onSignal(signal, () => {
      Deno.stdin.setRaw(false);
      Deno.exit(status);
    })
  );
  return () => unlisten.forEach((each) => each());
}

function onSignal(signal: Deno.Signal, listener: () => void): () => void {
  // Of all signals that are listened for here it has one.
  if (Deno.build.os === "windows" && signal !== "SIGINT") return () => {};
  Deno.addSignalListener(signal, listener);
  return () => Deno.removeSignalListener(signal, listener);
}
