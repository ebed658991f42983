/**
 * put: files and standard input to the server, one after the other.
 *
 * verbs.ts names it in its table; what its operands and flags may be is in checks.ts.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { DATA_BUFFER_BYTES, type Source } from "../data.ts";
import { lastName } from "../directory.ts";
import { ConnectionError, LocalError, SessionRefusal } from "../errors.ts";
import type { SentUpload, UploadSourceOptions } from "../local/options.ts";
import type { OnKept } from "../local/part.ts";
import { LocalFile } from "../local/source.ts";
import { completeUpload, uploadFile, uploadSource } from "../local/uploads.ts";
import { kindThere } from "../tree.ts";
import { again, HINTS, keptText, rateOf, withTaskRetries } from "./again.ts";
import type { TransferReport } from "./reporter.ts";
import { hintAtOutput, isDirectoryHere, isStreamHere, remoteTarget } from "./targets.ts";
import { eachOperand, type Task } from "./task.ts";
import { checked, reported } from "./transfers.ts";

/** Uploads files. */
export async function put(task: Task): Promise<void> {
  const { console, reporter, request, signal } = task;
  await eachOperand(task, request.operands, async (local, index) => {
    // A file each, until a directory tells how many are in it.
    reporter.expect(request.operands.length - index, undefined);
    const target = remoteTarget(local, request);
    if (request.options.has("no-clobber")) {
      await checked(reporter, lastName(target), () => assertFree(task, target));
    }
    if (request.options.has("recursive") && isDirectoryHere(local)) {
      const { copyTree } = await import("./mirror.ts");
      return await copyTree(task, { direction: "up", remote: target, local });
    }
    await reported(reporter, lastName(target), async (report) => {
      if (local === "-") {
        const source: Source = { read: (buffer) => console.read(buffer) };
        return await putOnce(task, source, target, report);
      }
      if (isStreamHere(local)) {
        if (request.options.has("continue")) {
          throw new LocalError(`Cannot continue "${target}": "${local}" is no file`);
        }
        using file = await LocalFile.open(local, signal);
        return await putOnce(task, file, target, report);
      }
      return await again(
        task,
        "put",
        report,
        (client, options) => uploadFile(client, local, target, options),
      );
    });
  }, { hint: hintAtOutput(request, (error) => error instanceof LocalError) });
}

/**
 * Uploads what gives its octets once. There is no other attempt, but where the TLS session of the
 * data connection is refused (`SessionRefusal`) while what was taken of it is kept, and where none
 * of it is needed any more (`SentUpload`).
 */
async function putOnce(
  task: Task,
  source: Source,
  target: string,
  report: TransferReport,
): Promise<boolean> {
  const { request, reporter, signal } = task;
  const left: { sent?: SentUpload; kept?: Parameters<OnKept> } = {};
  const options: UploadSourceOptions = {
    ...rateOf(request),
    direct: request.options.has("direct"),
    hints: HINTS,
    signal,
    onProgress: report.update,
    onSent: (sent) => left.sent = sent,
    onKept: (...kept) => left.kept = kept,
  };
  const begun = new BegunSource(source);
  /** What it returns has failed for good; what it throws may pass. */
  const attempt = async (client: Client): Promise<unknown> => {
    report.start(0, undefined);
    const { sent } = left;
    try {
      if (sent !== undefined) return await completeUpload(client, target, sent, options);
      delete left.kept; // of an attempt before
      await uploadSource(client, begun.fromStart(), target, options);
    } catch (error) {
      const canRepeat = sent === undefined && error instanceof SessionRefusal && !begun.isBeyond;
      // What the server does not have, nobody can send again.
      const isShort = error instanceof ConnectionError && error.kind === "short";
      if (isShort || left.sent === undefined && !canRepeat) return error;
      throw error;
    }
  };
  try {
    const failure = await withTaskRetries(task, attempt, () => report.stop());
    if (failure !== undefined) throw failure;
    return true;
  } catch (error) {
    report.stop();
    if (left.kept !== undefined) reporter.note(keptText("put", ...left.kept));
    throw error;
  }
}

/** What a piece costs besides its octets, so that many short ones are bounded as well. */
const PIECE_OVERHEAD_BYTES = 64;

/** A source whose beginning, of DATA_BUFFER_BYTES and what came with the last of them, is kept. */
class BegunSource {
  readonly #source: Source;
  /** As they were read; null is the end. */
  readonly #pieces: (Uint8Array | null)[] = [];
  #cost = 0;
  /** What is read into, since the first time. */
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  /** A read, which the next upload takes over when this one is broken off meanwhile. */
  #reading: Promise<void> | undefined;

  /** Nothing is read yet. */
  constructor(source: Source) {
    this.#source = source;
  }

  /** Whether more was read than is kept: then it begins no more. */
  get isBeyond(): boolean {
    return this.#cost > DATA_BUFFER_BYTES;
  }

  /** All of it, for one upload. */
  fromStart(): Source {
    let at = 0;
    return {
      read: async (buffer) => {
        if (at === this.#pieces.length) {
          if (this.isBeyond) return await this.#source.read(buffer);
          await (this.#reading ??= this.#readOn());
        }
        const piece = this.#pieces[at++]!;
        if (piece !== null) buffer.set(piece);
        return piece && piece.length;
      },
    };
  }

  async #readOn(): Promise<void> {
    const buffer = this.#buffer ??= new Uint8Array(DATA_BUFFER_BYTES);
    const count = await this.#source.read(buffer);
    this.#reading = undefined;
    this.#pieces.push(count ? buffer.slice(0, count) : null);
    this.#cost += (count ?? 0) + PIECE_OVERHEAD_BYTES;
  }
}

async function assertFree(task: Task, target: string): Promise<void> {
  const { signal } = task;
  if (await kindThere(await task.connected(), target, { signal }) === undefined) return;
  throw new LocalError(`Cannot put "${target}": it is there already, and --no-clobber is given`);
}
