/**
 * URLs among the operands: what they say of the server, and the paths that verbs work on.
 *
 * Pure. A command line has one connection, so all its URLs have to name the same place.
 *
 * @module
 */

import {
  type FtpUrl,
  isUrl,
  parseUrl,
  UrlError,
  type UrlOptions,
  withoutPassword,
} from "../url.ts";
import { isRemote, type TypedNames } from "./escaped.ts";
import { UsageError } from "./flags.ts";

/** What a URL says of where to connect to, and as whom. */
export interface RemotePlace {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
  /** TLS from the first octet on: ftps://. */
  readonly isImplicit: boolean;
}

/** The names of a command line. */
export interface Names {
  readonly operands: readonly string[];
  readonly output?: string;
  readonly outputDirectory?: string;
}

/**
 * Puts paths in the place of URLs. The URL of put is where files go to, at the end or as -o; all
 * other verbs take URLs where they take paths on the server.
 *
 * @param reading How URLs are read.
 * @throws {UsageError} for a URL that cannot be used, and for two places in one command.
 */
export function placed(
  typed: TypedNames,
  reading: UrlOptions = {},
): Names & { readonly place?: RemotePlace } {
  const { verb, operands, output, outputDirectory } = typed;
  const names = {
    operands,
    ...(output === undefined ? {} : { output }),
    ...(outputDirectory === undefined ? {} : { outputDirectory }),
  };
  if (![...operands, output ?? "", outputDirectory ?? ""].some(isUrl)) return names;
  if (verb === "put") return putPlace(names, reading);
  if (verb === "mirror") return mirrorPlace(names, typed, reading);
  if (isUrl(output ?? "") || isUrl(outputDirectory ?? "")) {
    throw new UsageError(`${verb} writes to a file here, not to a URL`);
  }
  // What stands before the paths is none of them.
  const before = verb === "chmod" ? operands.slice(0, 1) : [];
  const paths = operands.slice(before.length);
  if (paths.length === 0) return names;
  const other = paths.find((operand) => !isUrl(operand));
  if (other !== undefined) {
    const path = withoutPassword(other);
    const hint = verb === "get" ? `; another name for the file is -o "${path}"` : "";
    throw new UsageError(`"${path}" stands beside a URL: give all paths as URLs${hint}`);
  }
  const urls = paths.map((path) => read(path, reading));
  const [first] = urls as [FtpUrl];
  for (const url of urls) {
    if (keyOf(url) !== keyOf(first)) {
      throw new UsageError(
        `One command talks to one server, not to ${shown(first)} and ${shown(url)}`,
      );
    }
    if (url.type === "d" && verb !== "ls") {
      throw new UsageError(`${verb} takes a file: ;type=d is for ls`);
    }
  }
  return {
    ...names,
    operands: [...before, ...urls.map(({ path }) => path)],
    place: placeOf(first),
  };
}

/** Files of this machine, and one URL that says where they go to. */
function putPlace(
  names: Names,
  reading: UrlOptions,
): Names & { readonly place: RemotePlace } {
  const flagged = [names.output, names.outputDirectory].filter((name) => name !== undefined);
  const last = flagged.length === 0 ? names.operands.at(-1)! : flagged[0]!;
  const files = flagged.length === 0 ? names.operands.slice(0, -1) : names.operands;
  if (flagged.length > 1 || files.some(isUrl) || !isUrl(last)) {
    throw new UsageError("put takes files of this machine, and one URL as where they go to");
  }
  const url = read(last, reading);
  const isFolder = url.path === "" || url.path.endsWith("/") ||
    names.outputDirectory !== undefined || url.type === "d";
  return {
    operands: files,
    ...(isFolder ? { outputDirectory: url.path } : { output: url.path }),
    place: placeOf(url),
  };
}

/** One directory on a server, and one here: a URL on the wrong side is refused. */
function mirrorPlace(
  names: Names,
  typed: TypedNames,
  reading: UrlOptions,
): Names & { readonly place: RemotePlace } {
  const [first, second] = names.operands.filter(isUrl);
  if (first === undefined || second !== undefined) {
    throw new UsageError("mirror takes one URL, and a folder of this machine");
  }
  if (!isRemote(typed, names.operands.indexOf(first))) {
    throw new UsageError(
      typed.reverse
        ? "mirror -R takes a folder of this machine, then the URL"
        : "mirror to a URL takes -R: mirror -R FOLDER URL",
    );
  }
  const url = read(first, reading);
  // The folder of the login, or by "/" what has the source's name below it, as for any target.
  const folder = typed.reverse && /\/(?:;type=.)?$/i.test(first) ? "./" : ".";
  const operands = names.operands.map((each) => each === first ? url.path || folder : each);
  return { ...names, operands, place: placeOf(url) };
}

function read(text: string, reading: UrlOptions): FtpUrl {
  let url: FtpUrl;
  try {
    url = parseUrl(text, reading);
  } catch (error) {
    if (error instanceof UrlError) throw new UsageError(error.message);
    throw error;
  }
  if (url.type === "a") throw new UsageError("Files are moved as they are: leave ;type=a out");
  return url;
}

/** What two URLs of one connection have in common. */
function keyOf({ scheme, host, port, user, password }: FtpUrl): string {
  return JSON.stringify([scheme, host.toLowerCase(), port, user, password]);
}

function shown({ scheme, user, host, port }: FtpUrl): string {
  const login = user === undefined ? "" : `${user}@`;
  return `${scheme}://${login}${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function placeOf({ scheme, host, port, user, password }: FtpUrl): RemotePlace {
  return {
    host,
    port,
    isImplicit: scheme === "ftps",
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  };
}
