/**
 * Carries a plan out over the connections of a pool: directories from above, files several at
 * once, and at last, if nothing failed, what is to be removed.
 *
 * @module
 */

import { ClientError, LocalError } from "../errors.ts";
import type { ClientPool } from "../pool.ts";
import type { Action } from "./compare.ts";
import { refusalOf } from "./describe.ts";
import type { Hands, TransferHooks } from "./hands.ts";
import { forEachAtOnce } from "./parallel.ts";
import { above, depthOf } from "./tree.ts";

/** Who hears how it goes. */
export interface MirrorHooks {
  /** A file is about to be transferred; several may be at once. */
  transfer?(path: string): TransferHooks;
  /** A step is done. */
  onDone?(action: Action): void;
  /** A step failed; the others go on. */
  onFailure?(action: Action, error: ClientError): void;
}

/** What came of a plan. */
export interface MirrorSummary {
  /** Files that were transferred. */
  readonly copied: number;
  /** Octets that were moved for them. */
  readonly octets: number;
  /** Files that were the same already. */
  readonly kept: number;
  /** Directories that were made. */
  readonly made: number;
  /** Files and directories that were removed. */
  readonly removed: number;
  /** Links and special files. */
  readonly skipped: number;
  /** Steps that failed or were refused, with those that could not be tried after them. */
  readonly failed: number;
  /** What was not removed, because something failed. */
  readonly withheld: number;
  /** From the first step to the last. */
  readonly elapsedMs: number;
  /** The first failure. */
  readonly error?: ClientError;
}

/** How a plan is carried out. */
export interface RunOptions {
  /** Nothing is removed: the looks at the trees were not whole. */
  readonly keepAll: boolean;
  readonly signal: AbortSignal | undefined;
}

type Counts = { -readonly [K in keyof MirrorSummary]: MirrorSummary[K] };
type Kind<K extends Action["kind"]> = Extract<Action, { kind: K }>;

/** A transfer that nobody listens to. */
const UNHEARD: TransferHooks = { start() {}, update() {}, finish() {}, stop() {} };

/** Carries out `actions`, which `compareTrees` put in order. */
export async function runActions(
  pool: ClientPool,
  hands: Hands,
  actions: readonly Action[],
  hooks: MirrorHooks,
  options: RunOptions,
): Promise<MirrorSummary> {
  return await new Run(pool, hands, hooks, options).run(actions);
}

class Run {
  readonly #pool: ClientPool;
  readonly #hands: Hands;
  readonly #hooks: MirrorHooks;
  readonly #options: RunOptions;
  readonly #startedMs = performance.now();
  readonly #counts: Counts = {
    copied: 0,
    octets: 0,
    kept: 0,
    made: 0,
    removed: 0,
    skipped: 0,
    failed: 0,
    withheld: 0,
    elapsedMs: 0,
  };
  /** Directories that could not be made: nothing is tried in them. */
  readonly #missing = new Set<string>();

  constructor(pool: ClientPool, hands: Hands, hooks: MirrorHooks, options: RunOptions) {
    this.#pool = pool;
    this.#hands = hands;
    this.#hooks = hooks;
    this.#options = options;
  }

  async run(actions: readonly Action[]): Promise<MirrorSummary> {
    const counts = this.#counts;
    const of = <K extends Action["kind"]>(kind: K) =>
      actions.filter((action): action is Kind<K> => action.kind === kind);
    counts.kept = of("keep").length;
    counts.skipped = of("skip").length;
    for (const action of of("refuse")) this.#fail(action, refusalOf(action));
    await this.#byDepth(of("makeDirectory"), "down", (action) => this.#make(action));
    const copies = Map.groupBy(of("copy"), ({ twin }) => twin === undefined);
    const copy = (action: Kind<"copy">) => this.#copy(action);
    await forEachAtOnce(copies.get(true) ?? [], this.#pool.size, copy);
    // Each is looked for when those before it are there.
    await forEachAtOnce(copies.get(false) ?? [], 1, copy);
    const [files, directories] = [of("removeFile"), of("removeDirectory")];
    if (this.#options.keepAll || counts.failed > 0) {
      counts.withheld = files.length + directories.length;
    } else {
      const elsewhere = new Set<string>();
      await this.#byDepth(directories, "down", (action) => this.#unlink(action, elsewhere));
      const remove = async (action: Kind<"removeFile" | "removeDirectory">) => {
        if (elsewhere.has(action.path) || elsewhere.has(above(action.path))) return;
        await this.#remove(action);
      };
      await forEachAtOnce(files, this.#pool.size, remove);
      await this.#byDepth(directories, "up", remove);
    }
    return { ...counts, elapsedMs: performance.now() - this.#startedMs };
  }

  /** Those of one depth at once: none of them is in another. */
  async #byDepth<A extends Action>(
    actions: readonly A[],
    order: "down" | "up",
    work: (action: A) => Promise<void>,
  ): Promise<void> {
    const levels = [...Map.groupBy(actions, ({ path }) => path === "" ? -1 : depthOf(path))]
      .sort(([left], [right]) => order === "down" ? left - right : right - left);
    for (const [, level] of levels) await forEachAtOnce(level, this.#pool.size, work);
  }

  async #make(action: Kind<"makeDirectory">): Promise<void> {
    const isMade = await this.#try(action, async () => {
      await this.#hands.makeDirectory(action.path);
      this.#counts.made++;
    });
    if (!isMade) this.#missing.add(action.path);
  }

  async #copy(action: Kind<"copy">): Promise<void> {
    const { path, twin } = action;
    await this.#try(action, async () => {
      if (twin !== undefined && await this.#hands.isThere(path)) {
        throw new LocalError(
          `Cannot copy "${path}": to the target it is the same name as "${twin}"`,
        );
      }
      const transfer = this.#hooks.transfer?.(path) ?? UNHEARD;
      try {
        const octets = await this.#hands.copy(action, transfer);
        this.#counts.octets += octets;
        this.#counts.copied++;
        transfer.finish();
      } finally {
        transfer.stop();
      }
    });
  }

  /** Removes a link that was listed as a directory: what is listed in it is `elsewhere`, and stays. */
  async #unlink(action: Kind<"removeDirectory">, elsewhere: Set<string>): Promise<void> {
    const { path } = action;
    if (elsewhere.has(above(path))) {
      elsewhere.add(path);
      return;
    }
    this.#options.signal?.throwIfAborted();
    try {
      if (!await this.#hands.removeLink(path)) return;
      this.#counts.removed++;
      this.#hooks.onDone?.(action);
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (!(error instanceof ClientError)) throw error;
      this.#fail(action, error);
    }
    elsewhere.add(path);
  }

  async #remove(action: Kind<"removeFile" | "removeDirectory">): Promise<void> {
    await this.#try(action, async () => {
      if (action.kind === "removeFile") await this.#hands.removeFile(action.path);
      else await this.#hands.removeDirectory(action.path);
      this.#counts.removed++;
    });
  }

  /** Whether `step` went well. What fails counts; what ends everything is thrown. */
  async #try(action: Action, step: () => Promise<void>): Promise<boolean> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    if (action.path !== "" && this.#missing.has(above(action.path))) {
      this.#counts.failed++;
      this.#missing.add(action.path);
      return false;
    }
    try {
      await step();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof ClientError)) throw error;
      this.#fail(action, error);
      return false;
    }
    this.#hooks.onDone?.(action);
    return true;
  }

  #fail(action: Action, error: ClientError): void {
    this.#counts.failed++;
    this.#counts.error ??= error;
    this.#hooks.onFailure?.(action, error);
  }
}
