/**
 * Every protocol that the server speaks, as data: what a command line and a supervisor ask of it.
 * Whoever serves clients loads the session of the one that it speaks, and no other's.
 *
 * @module
 */

/** A protocol, told apart from its sessions (see Protocol in session.ts). */
export interface ProtocolFacts {
  /** What `--protocol` calls it, and its module exports it as. */
  readonly name: string;
  /** The port where none is asked for. */
  readonly defaultPort: number;
  /** Whether its clients log in: until then they wait behind a limit of their own. */
  readonly logsIn: boolean;
  /** Whether its clients store files: what they leave unfinished is removed after a while. */
  readonly stores: boolean;
  /** The address of the module that has its sessions. */
  readonly module: string;
}

const FACTS: readonly ProtocolFacts[] = [
  {
    name: "ftp",
    defaultPort: 2121,
    logsIn: true,
    stores: true,
    module: addressOf("ftp/mod.ts"),
  },
  {
    name: "mini",
    defaultPort: 8000,
    logsIn: false,
    stores: true,
    module: addressOf("mini/session.ts"),
  },
  {
    name: "echo",
    defaultPort: 8000,
    logsIn: false,
    stores: false,
    module: addressOf("small/echo.ts"),
  },
  {
    name: "hello",
    defaultPort: 8000,
    logsIn: false,
    stores: false,
    module: addressOf("small/hello.ts"),
  },
  {
    name: "chat",
    defaultPort: 8000,
    logsIn: false,
    stores: false,
    module: addressOf("small/chat.ts"),
  },
];

/** In the order in which --help lists them. */
export const protocols: ReadonlyMap<string, ProtocolFacts> = new Map(
  FACTS.map((facts) => [facts.name, facts]),
);

function addressOf(path: string): string {
  return new URL(path, import.meta.url).href;
}
