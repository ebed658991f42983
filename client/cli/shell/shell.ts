/**
 * One line of the shell, from its text to an exit status: the verbs of the command line on the open
 * connection, and the shell's own. mod.ts hands it the lines.
 *
 * @module
 */

import { encodeText, printable } from "../../text.ts";
import type { Request } from "../arguments.ts";
import { checkEvents, checkSendable } from "../checks.ts";
import { decodedNames } from "../connection.ts";
import { type Console, OutputClosed } from "../console.ts";
import { namesTyped } from "../escaped.ts";
import { UsageError } from "../flags.ts";
import { interruptible } from "../interrupts.ts";
import { type Reporter, reporterFor, type Telling } from "../reporter.ts";
import { findVerb } from "../run.ts";
import { type Subcommand, taskOver } from "../task.ts";
import { SUBCOMMANDS } from "../verbs.ts";
import { runHere } from "./command.ts";
import { type Explained, unknownVerb } from "./help.ts";
import type { History } from "./history.ts";
import { localNamesOf, localPath } from "./local.ts";
import type { Line, ShellSession } from "./session.ts";
import { parseLine } from "./target.ts";
import type { Outcome, ShellFace, ShellVerb } from "./task.ts";
import { ALIASES, SHELL_VERBS } from "./verbs.ts";
import { splitWords } from "./words.ts";

/** The verbs of the command line that mean something on an open connection. */
const LINE_VERBS: readonly Subcommand[] = SUBCOMMANDS.filter((verb) => !verb.isOffline);

/** The verbs that a shell has, its own behind those of the command line. */
export const VERBS: readonly Explained[] = [...LINE_VERBS, ...SHELL_VERBS];

/** What a shell is begun with. */
export interface ShellOptions {
  readonly console: Console;
  readonly session: ShellSession;
  readonly history: History;
  /** Its lines come from standard input, which no verb may read then. */
  readonly readsInput: boolean;
  /** Tells an error in one line, and returns the exit status that it means. */
  readonly report: Report;
  /** Whether a line of this status, which is not 0, is the last one. */
  readonly endsRun: EndsRun;
}

/** Whether the run ends with this exit status of one thing that failed. */
export type EndsRun = (status: number) => boolean;

/** Tells an error, by who has told the rest if there is one, and returns its exit status. */
export type Report = (
  error: unknown,
  reporter: Reporter | undefined,
  endsRun?: EndsRun,
) => number;

/** What lines are performed on. */
export class Shell implements ShellFace {
  readonly console: Console;
  readonly session: ShellSession;
  readonly history: History;
  readonly verbs = VERBS;
  readonly readsInput: boolean;
  begunIn: string | null | undefined;
  /** Whether `exit` was said. */
  left = false;
  readonly #options: ShellOptions;
  #number: number | undefined;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.console = options.console;
    this.session = options.session;
    this.history = options.history;
    this.readsInput = options.readsInput;
  }

  /**
   * Performs a line and returns its exit status; what went wrong has been told.
   *
   * @param number Of a line of a script: it is told with what went wrong.
   */
  async perform(line: string, number?: number): Promise<number> {
    this.#number = number;
    try {
      const command = /^[ \t]*!(.*)$/s.exec(line)?.[1];
      if (command !== undefined) return await this.#performHere(command);
      const [word, ...rest] = splitWords(line);
      if (word === undefined) return 0;
      const name = ALIASES.get(word) ?? word;
      const own = SHELL_VERBS.find((verb) => verb.name === name);
      return own === undefined
        ? await this.#performVerb([name, ...rest])
        : await this.#performOwn(own, rest);
    } catch (error) {
      return this.#tell(error, undefined);
    }
  }

  /** Runs `work`, which Ctrl-C ends, and returns its exit status; what went wrong has been told. */
  async attempt(
    endsBySignal: boolean,
    work: (line: Line) => Promise<Outcome> | Outcome,
    telling: Telling = this.session.target.telling,
  ): Promise<number> {
    const reporter = await reporterFor(this.console, telling);
    const abort = new AbortController();
    const interruption = {
      abort,
      endsBySignal,
      begins: () => this.session.asks || reporter.interrupting(),
      drop: () => this.session.drop(),
    };
    let outcome: Outcome = undefined;
    let failure: { readonly error: unknown } | undefined;
    const line = { reporter, signal: abort.signal };
    this.session.line = line;
    try {
      outcome = await interruptible(this.console, interruption, async () => await work(line));
    } catch (error) {
      failure = { error: abort.signal.aborted ? abort.signal.reason : error };
    }
    this.session.line = undefined;
    reporter.close();
    if (failure !== undefined) return this.#tell(failure.error, reporter);
    if (typeof outcome === "number") return outcome;
    const status = outcome === undefined ? 0 : await this.#performVerb(outcome.next);
    const before = outcome?.failure;
    return status === 0 && before !== undefined ? this.#tell(before, reporter) : status;
  }

  /** Writes lines to standard output; a terminal obeys nothing of what stands in them. */
  async write(lines: readonly string[]): Promise<void> {
    const shown = this.console.outTerminal ? lines.map(printable) : lines;
    await this.console.write(encodeText(shown.map((line) => `${line}\n`).join("")));
  }

  /** Tells what a user should hear of the command line before anything is done. */
  warn({ reporter }: Line): void {
    for (const warning of this.session.target.warnings) reporter.note(warning);
  }

  /** Says where the shell is, to a person. */
  greet(): void {
    if (!this.console.inTerminal || !this.console.errTerminal) return;
    const { host, port, user = "anonymous", protocol } = this.session.target;
    const text = protocol === "mini"
      ? `mini at ${host}:${port}: it has get and put`
      : `Connected to ${host}:${port} as ${user}`;
    // A URL may have anything in its user.
    this.console.writeError(`${printable(text)}; help tells more\n`);
  }

  /** No line is performed any more. */
  leave(): void {
    this.left = true;
  }

  #tell(error: unknown, reporter: Reporter | undefined): number {
    if (this.#number !== undefined && !(error instanceof OutputClosed)) {
      // Where a verb has told all there is to say, the number stands alone.
      const isTold = error instanceof Error && error.message === "";
      this.console.writeError(`Line ${this.#number}${isTold ? " failed\n" : ": "}`);
    }
    return this.#options.report(error, reporter, this.#options.endsRun);
  }

  /** Runs a command of this machine. Ctrl-C is for that alone: what it leaves here is as it was. */
  async #performHere(command: string): Promise<number> {
    checkEvents(this.session.target.telling, "!");
    const unlisten = this.console.onInterrupt(() => {});
    let status: number;
    try {
      // A script that comes from there would lose its next lines.
      status = await runHere(command, this.console.inTerminal || !this.readsInput);
    } finally {
      unlisten();
    }
    if (status !== 0 && this.#number !== undefined) {
      const text = `Line ${this.#number}: the command ended with status ${status}`;
      this.console.writeError(`${text}\n`);
    }
    return status;
  }

  /** Runs a verb of the command line on the open connection. */
  async #performVerb(words: readonly string[]): Promise<number> {
    const [name = ""] = words;
    if (!LINE_VERBS.some((each) => each.name === name)) throw unknownVerb(name, VERBS);
    const request = this.#requestOf(words);
    const verb = findVerb(request);
    return await this.attempt(verb.endsBySignal ?? false, async (line) => {
      const { console, session } = this;
      const bare = { console, request: await decodedNames(request), ...line };
      if (request.protocol === "mini") return await verb.runMini!(bare);
      await session.connected();
      await verb.run(taskOver(bare, session));
    }, request.telling);
  }

  async #performOwn(verb: ShellVerb, operands: readonly string[]): Promise<number> {
    const [least, most] = verb.count;
    const isCounted = operands.length >= least && operands.length <= most || verb.takesFlags;
    if (!isCounted || operands.includes("")) {
      throw new UsageError(`${verb.name} takes ${verb.operands || "nothing"}`);
    }
    const { escapes, protocol, telling } = this.session.target;
    if (protocol === "mini" && !verb.isLocal) {
      throw new UsageError(`--protocol mini has get and put, not ${verb.name}`);
    }
    if (verb.writes) checkEvents(telling, verb.name);
    const names = verb.takesFlags ? operands : this.#namesOf(verb, operands, escapes);
    return await this.attempt(
      verb.endsBySignal ?? false,
      () => verb.run({ shell: this, operands: names }),
    );
  }

  /** The names that operands of a verb of the shell mean. */
  #namesOf({ takes }: ShellVerb, operands: readonly string[], escapes: boolean): readonly string[] {
    if (takes === "local") return operands.map((each) => localPath(each, this.console));
    if (takes !== "remote") return operands;
    const names = namesTyped(operands, escapes);
    checkSendable(names);
    return names;
  }

  /** What a line asks for, at the server of the session. */
  #requestOf(words: readonly string[]): Request {
    const request = localNamesOf(parseLine(words, this.session.target), this.console);
    const isRead = request.verb === "put" && request.operands.includes("-");
    if (isRead && this.readsInput) {
      throw new UsageError("put takes a file here: standard input is where the lines come from");
    }
    return request;
  }
}
