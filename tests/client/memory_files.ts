/**
 * Answers of a scripted server that keeps files in memory, with habits that a test chooses: what
 * it renames, which names it takes, what it knows. Whatever a client left there can be looked at.
 *
 * @module
 */

import { concatenate } from "../../server/octets.ts";
import { formatTime, parseTime } from "../../server/ftp/words/facts.ts";
import type { Answer, ScriptedSession } from "./scripted_server.ts";

/** One file. */
export interface MemoryFile {
  readonly content: Uint8Array;
  readonly modified: Date;
}

/** How the server is. */
export interface Habits {
  /** What RNTO does over a file that is there, or that nothing is renamed. Default: "replaces". */
  readonly renames?: "replaces" | "keeps" | "never" | "denied" | "not permitted";
  /** The reply to STOR of a name; undefined takes it. */
  readonly refuses?: (path: string) => string | undefined;
  /** The reply to whatever would go on behind what is there. */
  readonly refusesToAppend?: string;
  /** After so many octets of an upload, or a download, the connection is cut. */
  readonly cutsAfter?: () => number | undefined;
  /** Whether it takes nothing but RNTO behind RNFR (RFC 959 section 4.1.3), as ProFTPD does. */
  readonly isStrict?: boolean;
  /** Verbs that it does not know. */
  readonly lacks?: readonly string[];
}

const NO_SUCH_FILE = "550 No such file";

/** Files, and the answers that serve them. */
export class MemoryFiles {
  readonly files = new Map<string, MemoryFile>();
  readonly #habits: Habits;

  constructor(habits: Habits = {}) {
    this.#habits = habits;
  }

  /** The text of a file; undefined when it is not there. */
  text(path: string): string | undefined {
    const file = this.files.get(path);
    return file && new TextDecoder().decode(file.content);
  }

  /** Puts a file there. */
  put(path: string, content: string | Uint8Array, modified: Date = new Date(0)): void {
    const octets = typeof content === "string" ? new TextEncoder().encode(content) : content;
    this.files.set(path, { content: octets, modified });
  }

  /** For `Script.answers`; each session has its own REST and RNFR. */
  get answers(): Record<string, Answer> {
    const { renames = "replaces", refuses, refusesToAppend, isStrict = false, lacks = [] } =
      this.#habits;
    const rest = new WeakMap<ScriptedSession, number>();
    const from = new WeakMap<ScriptedSession, string>();
    const take = (session: ScriptedSession) => {
      const offset = rest.get(session) ?? 0;
      rest.delete(session);
      return offset;
    };
    const receive = async (path: string, session: ScriptedSession, start: number) => {
      const isAppended = start > 0 && this.files.has(path);
      const refusal = refuses?.(path) ?? (isAppended ? refusesToAppend : undefined);
      if (refusal !== undefined) return await session.say(refusal);
      await this.#receive(path, session, start);
    };
    const answers: Record<string, Answer> = {
      FEAT: "211-Features:\r\n MFMT\r\n SIZE\r\n211 End",
      PWD: '257 "/"',
      CWD: NO_SUCH_FILE,
      SIZE: (path, session) => {
        const file = this.files.get(path);
        return session.say(file === undefined ? NO_SUCH_FILE : `213 ${file.content.length}`);
      },
      MDTM: (path, session) => {
        const file = this.files.get(path);
        return session.say(
          file === undefined ? NO_SUCH_FILE : `213 ${formatTime(file.modified.getTime())}`,
        );
      },
      MFMT: (argument, session) => {
        const [time, path] = [argument.slice(0, 14), argument.slice(15)];
        const file = this.files.get(path);
        if (file === undefined) return session.say(NO_SUCH_FILE);
        this.files.set(path, { ...file, modified: new Date(parseTime(time)!) });
        return session.say(`213 Modify=${time}; ${path}`);
      },
      REST: (argument, session) => {
        rest.set(session, Number(argument));
        return session.say("350 Go on");
      },
      RETR: (path, session) => this.#send(path, session, take(session)),
      STOR: (path, session) => receive(path, session, take(session)),
      APPE: (path, session) => receive(path, session, this.files.get(path)?.content.length ?? 0),
      DELE: (path, session) => session.say(this.files.delete(path) ? "250 Gone" : NO_SUCH_FILE),
      RNFR: (path, session) => {
        if (renames === "never") return session.say("502 Not implemented");
        if (renames === "denied") return session.say("550 Permission denied");
        if (renames === "not permitted") return session.say("550 Operation not permitted");
        if (!this.files.has(path)) return session.say(NO_SUCH_FILE);
        from.set(session, path);
        return session.say("350 To what?");
      },
      RNTO: (path, session) => {
        const source = from.get(session);
        from.delete(session);
        if (source === undefined) return session.say("503 RNFR first");
        if (path === "") return session.say("501 To what?");
        if (renames === "keeps" && this.files.has(path)) return session.say("553 It exists");
        this.files.set(path, this.files.get(source)!);
        this.files.delete(source);
        return session.say("250 Renamed");
      },
    };
    for (const verb of lacks) delete answers[verb];
    if (!isStrict) return answers;
    return Object.fromEntries(
      Object.entries(answers).map(([verb, answer]): [string, Answer] => [
        verb,
        (argument, session) => {
          if (from.has(session) && verb !== "RNTO") return session.say("501 Bad sequence");
          return typeof answer === "string" ? session.say(answer) : answer(argument, session);
        },
      ]),
    );
  }

  async #send(path: string, session: ScriptedSession, offset: number): Promise<void> {
    const file = this.files.get(path);
    if (file === undefined) return await session.say(NO_SUCH_FILE);
    const rest = file.content.subarray(offset);
    const most = this.#habits.cutsAfter?.() ?? Infinity;
    await session.send(rest.subarray(0, Math.min(rest.length, most)));
    if (most < rest.length) return session.close();
    await session.say("226 Done");
  }

  async #receive(path: string, session: ScriptedSession, start: number): Promise<void> {
    const data = await session.data();
    const chunks = [(this.files.get(path)?.content ?? new Uint8Array()).slice(0, start)];
    const keep = () => this.put(path, concatenate(chunks), new Date());
    keep();
    await session.say("150 Go ahead");
    let room = this.#habits.cutsAfter?.() ?? Infinity;
    try {
      const buffer = new Uint8Array(65_536);
      for (let count; (count = await data.read(buffer)) !== null;) {
        chunks.push(buffer.slice(0, Math.min(count, room)));
        room -= count;
        if (room <= 0) return session.close();
      }
    } finally {
      keep();
    }
    session.closeData();
    await session.say("226 Done");
  }
}
