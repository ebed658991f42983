/**
 * An FTP client to embed: connect, list, download, upload, and typed errors of one line each.
 *
 * Everything a program needs is exported here but mirrors and patterns, which mirror/mod.ts has. The
 * command line in cli/ names the files instead: the runtime reads all that is behind this one, which
 * takes longer than most commands.
 *
 * @example
 * ```ts
 * import { connect, ProtocolError } from "./mod.ts";
 *
 * await using client = await connect({ host: "127.0.0.1", port: 2121 });
 * for (const entry of await client.list("/")) console.log(entry.name, entry.size);
 * try {
 *   console.log(await client.readFile("/notes.txt"));
 * } catch (error) {
 *   if (!(error instanceof ProtocolError)) throw error;
 *   console.error(error.message); // Cannot retrieve "/notes.txt": 550 ...
 * }
 * ```
 *
 * @module
 */

export type { FileHash, HashAlgorithm, HashOptions } from "./attributes.ts";
export { Client, READ_FILE_BYTES_MAX } from "./client.ts";
export { connect, type ConnectOptions, type TlsOptions, trustAuthorities } from "./connect.ts";
export type { DownloadOptions, UploadOptions } from "./contents.ts";
export type { Trace } from "./control.ts";
export { Conversation, type ConversationEvent, isSendable, type Reply } from "./conversation.ts";
export { DATA_BUFFER_BYTES, type OnProgress, type Sink, type Source } from "./data.ts";
export { hasWildcards, joinPath, lastName, type ListOptions, parentOf } from "./directory.ts";
export type { Entries } from "./entries.ts";
export {
  ClientError,
  ConnectionError,
  type ConnectionErrorOptions,
  describeReply,
  type ErrorKind,
  LocalError,
  LoginError,
  ProtocolError,
  SessionRefusal,
} from "./errors.ts";
export {
  type Entry,
  type EntryField,
  type EntryKind,
  isPlainName,
  parseList,
  parseMlsd,
} from "./listing.ts";
export { POOL_SIZE_MAX } from "./limits.ts";
export { ClientPool, type LentClient, POOL_WAITING_MAX, type PoolOptions } from "./pool.ts";
export { escapeName, localName, unescapeName } from "./escapes.ts";
export { decodeText, encodeText, type Encoding, printable, UTF_8 } from "./text.ts";
export type { Uploadable } from "./sources.ts";
export type { TlsSettings } from "./tls.ts";
export type { CallOptions, TransferOptions, Transferred } from "./transfer.ts";
export {
  type Connection,
  plainTransport,
  type Resumption,
  type Transport,
  type WireAddress,
  type WireListener,
} from "./transport.ts";
export { isDirectory, kindThere, makeDirectories, removeTree } from "./tree.ts";
export { downloadFile } from "./local/downloads.ts";
export type {
  Downloaded,
  DownloadFileOptions,
  FileTransferOptions,
  SentUpload,
  UploadAttempts,
  Uploaded,
  UploadFileOptions,
  UploadSourceOptions,
} from "./local/options.ts";
export { OnwardDownload } from "./local/onward.ts";
export { originOf, type RemoteFacts, type RemoteFile } from "./local/origin.ts";
export { type OnKept, type OptionHints, PartFile, type PartOptions } from "./local/part.ts";
export { LocalFile } from "./local/source.ts";
export { completeUpload, uploadFile, uploadSource } from "./local/uploads.ts";
export { type MiniAddress, MiniError, miniGet, type MiniOptions, miniPut } from "./mini.ts";
export { type FtpUrl, parseUrl, UrlError, type UrlOptions } from "./url.ts";
export { pause, type RateClock, RateLimit } from "./rate.ts";
export {
  AttemptedTransfer,
  isWorthRetry,
  RETRIES_DEFAULT,
  RETRY_DELAY_MS_MAX,
  RETRY_DELAY_MS_MIN,
  type RetryAttempt,
  retryDelay,
  type RetryOptions,
  type TransferListener,
  withRetries,
} from "./retry.ts";
