/**
 * The transcripts' text format, and its parser: what a client says, what the server answers, what
 * goes over data connections and what is then in the served tree. Runners are session.ts (the
 * session alone, no permission needed) and tcp.ts (any server).
 *
 *     # a comment
 *     == Title of one dialogue; what follows is its tree, then its steps
 *     file PATH CONTENT [TIME]    a file that is there at the start, with its MDTM time
 *     dir PATH                    a directory that is there at the start
 *     login NAME                  greeting, USER and PASS, with their replies
 *     C: LINE                     the client sends the line; several in a row go in one piece
 *     S: PATTERN                  the next line from the server; "*" stands for any text
 *     S: ...                      any lines up to the one that the next step matches
 *     D< CONTENT                  the client makes the data connection and gets exactly this
 *     D~ PATTERN                  the same, where "*" stands for any text
 *     D> CONTENT                  the client makes the data connection, sends this and closes it
 *     expect PATH CONTENT         the file is in the tree now and has this content
 *     absent PATH                 nothing is there
 *     hangup                      the client closes the control connection
 *     closed                      the server closes the control connection
 *     pass MILLISECONDS           so much time passes (over TCP: the next reply is waited for)
 *     stop                        the server is told to stop             (session alone)
 *     fail WHAT FAILURE           the next WHAT fails with that failure  (session alone)
 *     session REASON              the dialogue is for the session alone, and why
 *
 * CONTENT and PATTERN of data are JSON strings, `* N` behind one repeats it. "\xHH" is one octet in
 * a C: or S: line and in the PATH of what is there at the start; in data that is no UTF-8 it is
 * "\udcHH", as names have it. In a C: line "{A*N}" is N times A, "{hostport}" and "{extended}" are arguments of PORT and EPRT for
 * a port that the client listens on, "{host}" is its address with commas.
 *
 * @module
 */

import { decodeOctets, encodeOctets, type Failure } from "../../server/mod.ts";
import { PASSWORDS } from "../driven/settings.ts";
import { parseTime } from "../../server/ftp/words/facts.ts";

/** What is in the tree before a dialogue. */
export interface Entry {
  readonly path: string;
  /** undefined for a directory. */
  readonly content: string | undefined;
  /** Milliseconds since the epoch. */
  readonly modifiedMs: number | undefined;
}

/** One thing that happens, or is expected. */
export type Step =
  & { readonly line: number }
  & (
    | { readonly kind: "client"; readonly lines: readonly string[] }
    | { readonly kind: "server"; readonly pattern: string }
    | { readonly kind: "skip" }
    | { readonly kind: "download"; readonly content: string; readonly isPattern: boolean }
    | { readonly kind: "upload"; readonly content: string }
    | { readonly kind: "expect"; readonly path: string; readonly content: string }
    | { readonly kind: "absent"; readonly path: string }
    | { readonly kind: "hangup" | "closed" | "stop" }
    | { readonly kind: "pass"; readonly ms: number }
    | { readonly kind: "fail"; readonly what: string; readonly failure: Failure }
  );

/** One dialogue. */
export interface Dialogue {
  /** The topic is the name of its file. */
  readonly topic: string;
  readonly title: string;
  readonly tree: readonly Entry[];
  readonly steps: readonly Step[];
  /** Why it cannot be run over TCP, or undefined. */
  readonly sessionOnly: string | undefined;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Draft = Mutable<Dialogue> & { tree: Entry[]; steps: Step[] };

/** Reads all dialogues of one file. Throws with the line's number when one makes no sense. */
export function parseDialogues(topic: string, text: string): Dialogue[] {
  const dialogues: Draft[] = [];
  for (const [index, source] of text.split("\n").entries()) {
    if (source === "" || source.startsWith("#")) continue;
    if (source.startsWith("== ")) {
      const title = source.slice(3);
      dialogues.push({ topic, title, tree: [], steps: [], sessionOnly: undefined });
      continue;
    }
    const dialogue = dialogues.at(-1);
    if (dialogue === undefined || !parseLine(dialogue, source, index + 1)) {
      throw new SyntaxError(`Cannot read line ${index + 1} of "${topic}": ${source}`);
    }
  }
  return dialogues;
}

function parseLine(dialogue: Draft, source: string, line: number): boolean {
  const space = source.indexOf(" ");
  const word = space === -1 ? source : source.slice(0, space);
  const rest = space === -1 ? "" : source.slice(space + 1);
  const { steps } = dialogue;
  switch (word) {
    case "file": {
      const match = /^(\S+) (".*"(?: \* \d+)?)(?: (\d{14}))?$/.exec(rest);
      if (match === null) return false;
      const [, path, content, time] = match;
      const modifiedMs = time === undefined ? undefined : parseTime(time);
      dialogue.tree.push({ path: textOf(path!), content: parseContent(content!), modifiedMs });
      return true;
    }
    case "dir":
      dialogue.tree.push({ path: textOf(rest), content: undefined, modifiedMs: undefined });
      return true;
    case "login":
      steps.push({ line, kind: "server", pattern: "220 *" });
      pushClient(steps, line, `USER ${rest}`);
      steps.push({ line, kind: "server", pattern: "331 *" });
      pushClient(steps, line, `PASS ${PASSWORDS[rest]}`);
      steps.push({ line, kind: "server", pattern: "230 *" });
      return rest in PASSWORDS;
    case "C:":
      pushClient(steps, line, rest);
      return true;
    case "S:":
      if (rest === "...") steps.push({ line, kind: "skip" });
      else steps.push({ line, kind: "server", pattern: textOf(rest) });
      return true;
    case "D<":
    case "D~":
      steps.push({
        line,
        kind: "download",
        content: parseContent(rest),
        isPattern: word === "D~",
      });
      return true;
    case "D>":
      steps.push({ line, kind: "upload", content: parseContent(rest) });
      return true;
    case "expect": {
      const [path] = rest.split(" ", 1) as [string];
      const content = parseContent(rest.slice(path.length + 1));
      steps.push({ line, kind: "expect", path, content });
      return true;
    }
    case "absent":
      steps.push({ line, kind: "absent", path: rest });
      return true;
    case "pass":
      steps.push({ line, kind: "pass", ms: Number(rest) });
      return rest !== "";
    case "hangup":
    case "closed":
      steps.push({ line, kind: word });
      return rest === "";
    case "stop":
      steps.push({ line, kind: word });
      dialogue.sessionOnly ??= "it stops the server";
      return rest === "";
    case "fail": {
      const [what, failure] = rest.split(" ") as [string, Failure];
      steps.push({ line, kind: "fail", what, failure });
      dialogue.sessionOnly ??= "it needs a failure on demand";
      return true;
    }
    case "session":
      dialogue.sessionOnly = rest;
      return rest !== "";
  }
  return false;
}

function pushClient(steps: Step[], line: number, text: string): void {
  const last = steps.at(-1);
  if (last?.kind === "client") steps[steps.length - 1] = { ...last, lines: [...last.lines, text] };
  else steps.push({ line, kind: "client", lines: [text] });
}

function parseContent(source: string): string {
  const match = /^(".*")(?: \* (\d+))?$/.exec(source);
  if (match === null) throw new SyntaxError(`Cannot read ${source} as a content`);
  return (JSON.parse(match[1]!) as string).repeat(Number(match[2] ?? 1));
}

/** The octets of a C: line with CR LF; `fill` gives the text of a placeholder such as {host}. */
export function encodeClientLine(line: string, fill: (placeholder: string) => string): Uint8Array {
  const filled = line.replaceAll(/\{([^{}]+)\}/g, (_, inside: string) => {
    const repeat = /^(.)\*(\d+)$/.exec(inside);
    return repeat === null ? fill(inside) : repeat[1]!.repeat(Number(repeat[2]));
  });
  return Uint8Array.from([...octetsOf(filled), 0x0d, 0x0a]);
}

/** The octets of `text`, in which "\\xHH" is one. */
function octetsOf(text: string): number[] {
  return text.split(/(\\x[0-9a-f]{2})/).flatMap((part) =>
    /^\\x[0-9a-f]{2}$/.test(part) ? [parseInt(part.slice(2), 16)] : [...encodeOctets(part)]
  );
}

/** `text` with what "\\xHH" in it stands for. */
function textOf(text: string): string {
  return decodeOctets(Uint8Array.from(octetsOf(text)));
}

/** Whether `text` is what `pattern` says, "*" standing for any text. */
export function matches(text: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
}

/** Where a failed expectation stands, for the error's message. */
export function placeOf(dialogue: Dialogue, step: Step): string {
  return `${dialogue.topic}.txt, line ${step.line} ("${dialogue.title}")`;
}
