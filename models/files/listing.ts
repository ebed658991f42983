/**
 * A listing as a source of octets: a directory's names, chosen, ordered and written as they are
 * read, a bounded number of them each time. The executor of file operations opens it, a transfer
 * or a session reads it.
 *
 * What is kept is one directory at a time: its names when there are few enough to be sorted, else
 * one block of them as the file system gives them. So what a client does not read costs little.
 *
 * @module
 */

import {
  childPath,
  compilePattern,
  concatenate,
  type DirectoryEntry,
  type FileStat,
  isAddressable,
  isPartialName,
  neededFor,
  renderEntry,
  renderHeading,
  type Rows,
  type Selection,
} from "../../server/mod.ts";
import { ERRNO } from "./errors.ts";
import type { Finder } from "./find.ts";
import type { Info, Volume } from "./volume.ts";
import {
  LISTING_DEPTH_MAX,
  LISTING_DIRECTORIES_MAX,
  LISTING_NAMES_STEP,
  LISTING_PATTERN_UNITS,
  LISTING_SORTED_MAX,
  LISTING_STEP,
} from "./limits.ts";
import { readTarget } from "./walk.ts";

/** Of an entry that is not looked at, or cannot be. */
const UNKNOWN: FileStat = {
  kind: "other",
  size: 0,
  modifiedMs: 0,
  mode: 0,
  uid: 0,
  gid: 0,
  links: 0,
  unique: "",
};

const NOTHING = new Uint8Array(0);

/** Why a directory below the listed one is left out: it has gone, is none any more, is closed. */
const LEFT_OUT: readonly number[] = [
  ERRNO.ENOENT,
  ERRNO.ESTALE,
  ERRNO.ENOTDIR,
  ERRNO.ELOOP,
  ERRNO.EACCES,
  ERRNO.EPERM,
  ERRNO.OUTSIDE,
  ERRNO.NOT_PERMITTED,
];

/** What a listing shows of. */
export interface ListingRequest {
  /** The virtual path of the directory. */
  readonly path: string;
  /** Which entries, in which order. */
  readonly selection: Selection;
  /** How each is written. */
  readonly rows: Rows;
}

/** A directory whose turn will come. */
interface Pending {
  /** Below the listed path; "" for that itself. */
  readonly relative: string;
  /** How many components of the pattern led to it; all of them: its entries are shown. */
  readonly level: number;
  /** Directories that `recursive` went down to it. */
  readonly depth: number;
}

/** The directory whose turn it is. */
interface Current<D, N> extends Pending {
  readonly directory: D;
  /** Undefined when all names are here. */
  names: N | undefined;
  /** Names to be shown, the next one last; until all are read, as they came. */
  waiting: string[];
  /** Entries that were looked at already, for an order that needs it; the next one last. */
  entries: DirectoryEntry[] | undefined;
  /** Names can be shown: they are in order, or too many for it. */
  isReady: boolean;
  /** Directories among what was shown, to go down to. */
  readonly below: Pending[];
}

/** One listing, open. */
export class Listing<D extends object, F extends object, N extends object> {
  readonly #pending: Pending[] = [];
  /** One for each component of the pattern. */
  readonly #matchers: readonly ((name: string) => boolean)[];
  readonly #needed: ReturnType<typeof neededFor>;
  /** When it was opened, by the volume's clock: it decides how times are shown. */
  readonly #now: number;
  /** What the volume told of names that wait, without a look at them; none where that is too little. */
  readonly #kinds = new Map<string, FileStat["kind"]>();
  #current: Current<D, N> | undefined;
  /** Written, and not yet taken. */
  #rest: Uint8Array = NOTHING;
  /** Entries that this `fill` may still look at; what is cheaper takes a part of one. */
  #budget = 0;
  #directories = 0;
  #isFirst = true;
  /** What `#look` looked at last was a link. */
  #isLink = false;
  /** What that says; see DirectoryEntry. */
  #target: string | undefined;
  /** Directories were left out past a limit. */
  #isCut = false;
  /** Why it ends, where not at its end: told when what was written before is taken. */
  #error = 0;
  /** Nothing will come any more. */
  ended = false;

  /** @param finder for the links in it; nobody else uses it while `fill` runs */
  constructor(
    readonly volume: Volume<D, F, N>,
    readonly finder: Finder<D, F, N>,
    readonly request: ListingRequest,
  ) {
    this.#matchers = request.selection.pattern.map(compilePattern);
    this.#needed = neededFor(request.rows);
    this.#now = volume.now();
  }

  /** Begins with the directory itself: 0, or -errno. */
  openDirectory(): number {
    return this.#begin({ relative: "", level: 0, depth: 0 });
  }

  /** Shows one entry and nothing else: a single file, or a directory for itself. */
  openSingle(entry: DirectoryEntry): void {
    const { volume, finder, request: { path, rows } } = this;
    const isThere = entry.isLink && rows.as === "long" && finder.find(path) === 0;
    const target = isThere ? readTarget(volume, finder.directory!, finder.name) : undefined;
    finder.release();
    this.#rest = this.#row({ ...entry, target }, true);
  }

  /** Shows nothing. */
  openNothing(): void {
    this.ended = true;
  }

  /**
   * Fills `buffer` as far as a bounded piece of work goes: the count, which may be 0 before the
   * end, or -errno: TOO_LARGE behind all that was within the limits. `ended` says that nothing
   * comes behind it.
   */
  fill(buffer: Uint8Array<ArrayBuffer>): number {
    this.#budget = LISTING_STEP;
    let filled = 0;
    while (!this.ended && this.#error === 0) {
      if (this.#rest.length > 0) {
        const part = this.#rest.subarray(0, buffer.length - filled);
        buffer.set(part, filled);
        filled += part.length;
        this.#rest = this.#rest.subarray(part.length);
        if (filled === buffer.length) break;
      }
      if (this.#budget <= 0) break;
      this.#error = this.#advance();
    }
    return filled > 0 ? filled : this.#error;
  }

  /** Lets go of what is open. */
  close(): void {
    this.#finishCurrent();
    this.#pending.length = 0;
    this.#rest = NOTHING;
    this.ended = true;
  }

  /** One small step: a directory is opened, a block of names read, or one entry written. */
  #advance(): number {
    const current = this.#current;
    if (current === undefined) return this.#beginNext();
    if (!current.isReady) return this.#gather(current);
    const entry = current.entries === undefined ? this.#nextEntry(current) : current.entries.pop();
    if (entry !== undefined) {
      this.#rest = this.#row(entry, false);
      this.#isFirst = false;
      return 0;
    }
    if (current.waiting.length > 0) return 0; // that one has gone meanwhile
    if (current.names !== undefined) return this.#readNames(current, current.names);
    this.#pending.push(...current.below.reverse());
    this.#finishCurrent();
    return 0;
  }

  #beginNext(): number {
    const next = this.#pending.pop();
    if (next === undefined) {
      this.ended = !this.#isCut;
      return this.#isCut ? -ERRNO.TOO_LARGE : 0;
    }
    return unlessLeftOut(this.#begin(next));
  }

  #begin(pending: Pending): number {
    const { volume, request } = this;
    this.#budget -= 4;
    const directory = volume.hold(this.#pathOf(pending.relative));
    if (typeof directory === "number") return directory;
    const names = volume.openNames(directory);
    if (typeof names === "number") {
      volume.release(directory);
      return names;
    }
    this.#directories++;
    const showsEntries = pending.level >= request.selection.pattern.length - 1;
    this.#current = {
      ...pending,
      directory,
      names,
      waiting: [],
      entries: showsEntries && request.selection.order === "time" ? [] : undefined,
      isReady: false,
      below: [],
    };
    if (pending.level === request.selection.pattern.length) this.#open(this.#current);
    return 0;
  }

  /** What stands before the entries of a directory: its heading, and itself. */
  #open({ relative, directory }: Current<D, N>): void {
    const { rows, selection } = this.request;
    const heading = selection.recursive ? renderHeading(rows, relative, this.#isFirst) : NOTHING;
    this.#isFirst = false;
    const showsItself = selection.self && relative === "" &&
      this.volume.look(directory, ".") === 0;
    const itself = showsItself
      ? this.#row({ ...this.volume.found.toStat(), name: ".", isLink: false }, false)
      : NOTHING;
    this.#rest = concatenate([heading, itself]);
  }

  #row(entry: DirectoryEntry, isSingle: boolean): Uint8Array {
    return renderEntry(this.request.rows, entry, isSingle, this.#now);
  }

  /** Reads names, and looks at them where the order asks for it, until they can be shown. */
  #gather(current: Current<D, N>): number {
    const { selection } = this.request;
    if (current.names !== undefined) {
      const result = this.#readNames(current, current.names);
      if (current.waiting.length > LISTING_SORTED_MAX) {
        current.entries = undefined; // too many to be sorted: they come as they are read
        current.isReady = true;
      } else if (current.names === undefined) {
        current.waiting.sort((left, right) => left < right ? 1 : -1);
        if (selection.reverse) current.waiting.reverse();
        current.isReady = current.entries === undefined;
      }
      return result;
    }
    const entry = this.#nextEntry(current);
    if (entry !== undefined) current.entries!.push(entry);
    if (current.waiting.length > 0) return 0;
    // The newest first; what is as old keeps the order of the names. The next one stands last.
    const entries = current.entries!.reverse();
    const sign = selection.reverse ? -1 : 1;
    entries.sort((left, right) => sign * (left.modifiedMs - right.modifiedMs));
    current.isReady = true;
    return 0;
  }

  /** Some more names, of which those that are selected wait. */
  #readNames(current: Current<D, N>, names: N): number {
    const read: string[] = [];
    const kinds: (Info["kind"] | undefined)[] = [];
    const told = this.#needed === "kind" ? kinds : undefined;
    const units = this.#componentFor(current)?.length ?? 0;
    const cost = Math.max(1, units / LISTING_PATTERN_UNITS);
    while (read.length < LISTING_NAMES_STEP / cost) {
      const count = this.volume.nextNames(names, read, told);
      if (count > 0) continue;
      if (count < 0 && (current.relative === "" || unlessLeftOut(count) < 0)) return count;
      this.volume.closeNames(names);
      current.names = undefined;
      break;
    }
    for (let index = 0; index < read.length; index++) {
      const name = read[index]!, kind = kinds[index];
      if (!this.#selects(current, name)) continue;
      current.waiting.push(name);
      if (kind !== undefined && kind !== "link") this.#kinds.set(name, kind);
    }
    this.#budget -= LISTING_STEP / 4 * cost;
    return 0;
  }

  /** What the names in a directory are compared with; undefined where all are shown. */
  #componentFor({ level, depth }: Pending): string | undefined {
    return depth === 0 ? this.request.selection.pattern[level] : undefined;
  }

  #selects(pending: Pending, name: string): boolean {
    const { hidden, partials } = this.request.selection;
    if (!isAddressable(name)) return false; // else a directory's entries would stand without it
    if (!partials && isPartialName(name)) return false;
    const component = this.#componentFor(pending);
    if (name.startsWith(".") && !hidden && component?.startsWith(".") !== true) return false;
    return component === undefined || this.#matchers[pending.level]!(name);
  }

  /** The next name, as an entry; undefined when it is none, or has to be gone down to. */
  #nextEntry(current: Current<D, N>): DirectoryEntry | undefined {
    const name = current.waiting.pop();
    if (name === undefined) return undefined;
    const { pattern, recursive, order } = this.request.selection;
    const { rows } = this.request;
    const { relative, level, depth } = current;
    const isOnTheWay = depth === 0 && level < pattern.length - 1;
    const path = relative === "" ? name : `${relative}/${name}`;
    // Below the listed directory names have their way before them, where no heading says it.
    const shown = pattern.length > 1 && depth === 0 || rows.as === "names" ? path : name;
    const kind = this.#needed === "name" ? UNKNOWN.kind : this.#kinds.get(name);
    this.#kinds.delete(name);
    if (kind !== undefined && order === "name" && !recursive && !isOnTheWay) {
      this.#budget -= LISTING_STEP / LISTING_NAMES_STEP;
      return { ...UNKNOWN, kind, name: shown, isLink: false };
    }
    this.#budget--;
    const stat = this.#look(current.directory, path, name);
    if (stat === undefined) return undefined;
    if (isOnTheWay) {
      if (stat.kind === "directory") {
        this.#goDown(current, { relative: path, level: level + 1, depth });
      }
      return undefined;
    }
    if (recursive && stat.kind === "directory" && !this.#isLink) {
      this.#goDown(current, { relative: path, level: pattern.length, depth: depth + 1 });
    }
    return { ...stat, name: shown, isLink: this.#isLink, target: this.#target };
  }

  #goDown(current: Current<D, N>, next: Pending): void {
    const known = this.#directories + this.#pending.length + current.below.length;
    if (known >= LISTING_DIRECTORIES_MAX || next.depth > LISTING_DEPTH_MAX) this.#isCut = true;
    else current.below.push(next);
  }

  /** Undefined for an entry that has gone; a link that leads nowhere inside is "other". */
  #look(directory: D, path: string, name: string): FileStat | undefined {
    const { volume, finder } = this;
    const looked = volume.look(directory, name);
    this.#isLink = looked === 0 && volume.found.kind === "link";
    this.#target = undefined;
    if (looked < 0) return looked === -ERRNO.ENOENT ? undefined : UNKNOWN;
    const stat = volume.found.toStat();
    if (!this.#isLink) return stat;
    this.#budget--;
    const leadsInside = finder.follow(this.#pathOf(path)) === 0;
    finder.release();
    if (!leadsInside) return stat;
    if (this.request.rows.as === "long") this.#target = readTarget(volume, directory, name);
    return volume.found.toStat();
  }

  #pathOf(relative: string): string {
    const { path } = this.request;
    return relative === "" ? path : childPath(path, relative);
  }

  #finishCurrent(): void {
    const current = this.#current;
    this.#current = undefined;
    this.#kinds.clear();
    if (current === undefined) return;
    if (current.names !== undefined) this.volume.closeNames(current.names);
    this.volume.release(current.directory);
  }
}

/** 0 in the place of the -errno of a directory that is left out. */
function unlessLeftOut(result: number): number {
  return LEFT_OUT.includes(-result) ? 0 : result;
}
