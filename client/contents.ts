/**
 * Contents of a file: RETR, STOR and APPE (RFC 959 section 4.1.3), and how many octets they must be
 * (SIZE, RFC 3659 section 4).
 *
 * client.ts calls it, one transfer at a time; transfer.ts moves the octets; attributes.ts reads
 * replies to SIZE by it. A transfer that ends well is not believed before its octets are as many as
 * they should be, as far as anybody tells.
 *
 * @module
 */

import { unlessAborted } from "./abort.ts";
import type { ControlConnection } from "./control.ts";
import type { Reply } from "./conversation.ts";
import type { Sink, Source } from "./data.ts";
import { ConnectionError, LocalError, refusal } from "./errors.ts";
import { setType, transfer, type TransferOptions, type Transferred } from "./transfer.ts";

/**
 * How much more than SIZE said a download may bring: a log grows while it is fetched, and SIZE is
 * asked again then. Beyond that the server is not believed any more.
 */
export const GROWTH_BYTES_MAX = 16_777_216;

/** What a download can be told. */
export interface DownloadOptions extends TransferOptions {
  /** Octets of the file to leave out at its beginning (REST). */
  readonly offset?: number;
  /**
   * What was told of the file before: its size is then not asked for (SIZE). By a listing, which may
   * be long ago, or, with `isFresh`, by SIZE.
   */
  readonly known?: { readonly size: number; readonly isFresh?: boolean };
}

/** What an upload can be told. */
export interface UploadOptions extends TransferOptions {
  /**
   * Where in the remote file the first octet of the source goes: an offset (REST and STOR), or
   * its end (APPE). Without it the file is replaced. Some servers keep what lies behind the last.
   */
  readonly at?: number | "end";
  /**
   * With `at: "end"`, the offset that this end has to be, in octets. Where SIZE tells another one,
   * or none any more, nothing is sent: an earlier session may still be writing what it received.
   */
  readonly endsAt?: number;
}

/** Downloads `path` into `sink`. */
export async function retrieve(
  control: ControlConnection,
  path: string,
  sink: Sink,
  options: DownloadOptions,
): Promise<Transferred> {
  const action = `Cannot retrieve "${path}"`;
  const { offset = 0, known } = options;
  await setType(control, "I");
  const size = known?.size ?? await sizeOf(control, path);
  if (size !== undefined && offset > size) {
    throw new LocalError(`${action} from octet ${offset}: it has ${size} octets only`);
  }
  let expected = size === undefined ? undefined : size - offset;
  const { wasLeft, wasCut, ...result } = await transfer(control, {
    action,
    command: `RETR ${path}`,
    offset,
    expected: () => expected,
    move: async (data, first) => {
      const announced = first && announcedSize(first);
      // With an offset servers differ in what they announce: the file or the rest of it.
      if (expected === undefined && offset === 0) expected = announced;
      const begun = sink.begin?.(size ?? (offset === 0 ? announced : undefined));
      await unlessAborted(begun, control.signal);
      const excess = known === undefined || known.isFresh ? tooMany : outgrown;
      await data.receive(bounded(sink, expected, action, excess), options.onProgress);
    },
  });
  const { octets } = result;
  if (expected !== undefined && octets < expected) throw tooFew(action, octets, expected);
  if (expected === undefined && wasCut) {
    throw short(`${action}: its end may be missing, for TLS ended without its alert`);
  }
  const isMore = size !== undefined && octets > size - offset;
  if (!isMore && !wasLeft) return result;
  // A file may grow meanwhile, and then it is as long as what came.
  const now = await sizeOf(control, path);
  if (isMore && (now === undefined || now - offset < octets)) throw tooMany(action, size - offset);
  if (wasLeft && now !== undefined && now - offset > octets) {
    throw tooFew(action, octets, now - offset);
  }
  return result;
}

/** `sink`, for `expected` octets and some more; what is beyond them is `excess`. */
function bounded(
  sink: Sink,
  expected: number | undefined,
  action: string,
  excess: (action: string, expected: number) => ConnectionError,
): Sink {
  if (expected === undefined) return sink;
  let left = expected + GROWTH_BYTES_MAX;
  return {
    most: sink.most,
    write(chunk) {
      left -= chunk.length;
      if (left < 0) throw excess(action, expected);
      return sink.write(chunk);
    },
  };
}

const short = (text: string) => new ConnectionError(text, { kind: "short" });

function tooFew(action: string, octets: number, expected: number): ConnectionError {
  return short(`${action}: the transfer ended after ${octets} of ${expected} octets`);
}

function tooMany(action: string, expected: number): ConnectionError {
  const text = `${action}: the server sends more than the ${expected} octets that it announced`;
  return new ConnectionError(text, { kind: "protocol" });
}

/** Of what was listed long ago SIZE tells more than a listing: that is worth another attempt. */
function outgrown(action: string, expected: number): ConnectionError {
  const text = `${action}: it has grown far over the ${expected} octets that a listing told`;
  return new ConnectionError(text, { kind: "transient" });
}

/** Uploads `source` to `path`. */
export async function store(
  control: ControlConnection,
  source: Source,
  path: string,
  options: UploadOptions,
): Promise<Transferred> {
  const action = `Cannot store "${path}"`;
  const { at, endsAt } = options;
  if (endsAt !== undefined && at !== "end") {
    throw new LocalError(`${action}: endsAt says where the end is, which takes at: "end"`);
  }
  await setType(control, "I");
  const before = at === undefined || at === 0 ? undefined : await sizeOf(control, path);
  const start = at === "end" ? before : at;
  if (endsAt !== undefined && start !== endsAt) {
    throw short(`${action} from octet ${endsAt}: its size is ${start ?? "not told"} by now`);
  }
  const { octets, reply } = await transfer(control, {
    action,
    command: `${at === "end" ? "APPE" : "STOR"} ${path}`,
    offset: typeof at === "number" ? at : 0,
    sends: true,
    move: (data) => data.send(source, options.onProgress),
  });
  // A server may have closed early and still say that all is well. What lies behind an upload into
  // a file stays on some of them.
  const size = await sizeOf(control, path);
  const expected = (start ?? 0) + octets;
  if (size !== undefined && size !== expected && size !== Math.max(before ?? 0, expected)) {
    throw short(`${action}: the server has ${size} of ${expected} octets`);
  }
  return { octets, reply };
}

/**
 * The size of a file in octets (RFC 3659 section 4), or undefined when the server does not tell:
 * a file that is not there is better refused by the command that is meant for it.
 */
export async function sizeOf(
  control: ControlConnection,
  path: string,
): Promise<number | undefined> {
  const reply = await control.ask(`SIZE ${path}`);
  if (reply.code === 421) throw refusal(`Cannot ask for the size of "${path}"`, reply);
  return sizeIn(reply);
}

/** The size in a reply to SIZE, in octets; undefined when it has none. */
export function sizeIn(reply: Reply): number | undefined {
  const text = reply.lines[0]!.trim();
  return reply.code === 213 && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/**
 * The size in a reply 150 such as `Opening BINARY mode data connection for a (1234 bytes)`: the
 * last one, for the name before it may have such words, too.
 */
function announcedSize(reply: Reply): number | undefined {
  const match = [...reply.lines.join(" ").matchAll(/\((\d{1,15}) bytes?\)/gi)].at(-1);
  return match === undefined ? undefined : Number(match[1]);
}
