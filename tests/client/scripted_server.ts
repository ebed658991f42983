/**
 * An FTP server that does what a test says and nothing else, over real sockets: for dialogues that
 * no good server would hold. It logs anyone in, offers EPSV, and answers 502 to the rest; a test
 * replaces the answers it is about.
 *
 * @module
 */

/** What the server does for one command: the reply's text, or anything with the session. */
export type Answer = string | ((argument: string, session: ScriptedSession) => unknown);

/** What to listen on, and what to say. */
export interface Script {
  readonly hostname?: string;
  /** Sent as it is, with its line ends; default `220 Scripted\r\n`. */
  readonly greeting?: string;
  /** Called for every connection, before the greeting. */
  readonly onAccept?: () => void;
  /** By verb. */
  readonly answers?: Readonly<Record<string, Answer>>;
}

const encoder = new TextEncoder();

/** One control connection. */
export class ScriptedSession {
  #passive: Deno.TcpListener | undefined;
  #data: Deno.TcpConn | undefined;

  constructor(readonly control: Deno.TcpConn) {}

  /** Sends `text` with a line end. */
  say(text: string): Promise<void> {
    return this.sayRaw(`${text}\r\n`);
  }

  /** Sends `text` as it is. */
  async sayRaw(text: string): Promise<void> {
    await writeAll(this.control, encoder.encode(text));
  }

  /** Listens for one data connection on the control connection's own address. */
  listen(): number {
    this.#passive?.close();
    const hostname = this.control.localAddr.hostname;
    this.#passive = Deno.listen({ hostname, port: 0 }) as Deno.TcpListener;
    return this.#passive.addr.port;
  }

  /** The data connection that the client makes. */
  async data(): Promise<Deno.TcpConn> {
    this.#data ??= await this.#passive!.accept();
    return this.#data;
  }

  /** 150, `octets` over the data connection, its end. */
  async send(octets: string | Uint8Array, preliminary = "150 Opening"): Promise<void> {
    const data = await this.data();
    await this.say(preliminary);
    await writeAll(data, typeof octets === "string" ? encoder.encode(octets) : octets);
    this.closeData();
  }

  /** 150, all octets until the client closes the data connection. */
  async receive(): Promise<Uint8Array<ArrayBuffer>> {
    const data = await this.data();
    await this.say("150 Go ahead");
    const octets = new Uint8Array(await new Response(data.readable).arrayBuffer());
    this.#data = undefined;
    return octets;
  }

  /** Ends the data connection. */
  closeData(): void {
    quietly(() => this.#data?.close());
    this.#data = undefined;
  }

  /** Ends everything. */
  close(): void {
    this.closeData();
    quietly(() => this.#passive?.close());
    quietly(() => this.control.close());
  }
}

/** A running scripted server. */
export class ScriptedServer implements AsyncDisposable {
  /** Every line that came, in order, over all connections. */
  readonly commands: string[] = [];
  /** The same, each octet as one character. */
  readonly octets: string[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #script: Script;
  readonly #sessions = new Set<ScriptedSession>();
  readonly #running: Promise<void>[] = [];

  constructor(script: Script = {}) {
    this.#script = script;
    this.#listener = Deno.listen({ hostname: script.hostname ?? "127.0.0.1", port: 0 });
    this.#running.push(this.#accept());
  }

  /** Where it listens, for `connect`. */
  get address(): { host: string; port: number } {
    return { host: this.#listener.addr.hostname, port: this.#listener.addr.port };
  }

  /** The verbs that came. */
  get verbs(): string[] {
    return this.commands.map((line) => line.split(" ", 1)[0]!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const session of this.#sessions) session.close();
    await Promise.all(this.#running);
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) this.#running.push(this.#serve(conn));
    } catch {
      // The listener was closed.
    }
  }

  async #serve(conn: Deno.TcpConn): Promise<void> {
    const session = new ScriptedSession(conn);
    this.#sessions.add(session);
    conn.setNoDelay(true);
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(4096);
    /** One answer at a time, as a server has it; but reading goes on, as for ABOR. */
    let answering: Promise<unknown> = Promise.resolve();
    let text = "";
    try {
      this.#script.onAccept?.();
      await session.sayRaw(this.#script.greeting ?? "220 Scripted\r\n");
      for (let count; (count = await conn.read(buffer)) !== null;) {
        text += String.fromCharCode(...buffer.subarray(0, count));
        const lines = text.split("\r\n");
        text = lines.pop()!;
        for (const octets of lines) {
          const line = decoder.decode(Uint8Array.from(octets, (octet) => octet.charCodeAt(0)));
          this.octets.push(octets);
          this.commands.push(line);
          const [verb] = line.split(" ", 1);
          const answer = () => this.#answer(verb!, line.slice(verb!.length + 1), session);
          if (verb === "ABOR") await answer();
          else answering = answering.then(answer).catch(() => session.close());
        }
      }
    } catch {
      // The connection was closed or broken, by the script or by the client.
    }
    await answering;
    session.close();
  }

  async #answer(verb: string, argument: string, session: ScriptedSession): Promise<void> {
    const answer = this.#script.answers?.[verb] ?? ORDINARY[verb] ?? "502 Not implemented";
    if (typeof answer === "string") await session.say(answer);
    else await answer(argument, session);
  }
}

/** What every script may count on. */
const ORDINARY: Readonly<Record<string, Answer>> = {
  USER: "230 In",
  TYPE: "200 Type set",
  EPSV: (_, session) => session.say(`229 Entering (|||${session.listen()}|)`),
  QUIT: async (_, session) => {
    await session.say("221 Bye");
    session.close();
  },
};

async function writeAll(conn: Deno.Conn, octets: Uint8Array): Promise<void> {
  for (let at = 0; at < octets.length;) at += await conn.write(octets.subarray(at));
}

function quietly(close: () => void): void {
  try {
    close();
  } catch {
    // It was closed already.
  }
}
