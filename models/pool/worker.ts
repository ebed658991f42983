/**
 * What every worker thread runs first: it waits for its first message, then works as its model
 * says. Each model has an entry of its own that calls this, so that a worker loads no other's code.
 *
 * @module
 */

import { ServeError } from "../model.ts";
import { WorkerContext, type WorkerMessage, type WorkerStart } from "./link.ts";

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerStart>) => void) | null;
  postMessage(message: WorkerMessage): void;
}

/** Runs `work`, which returns when the supervisor has said stop, in this thread. */
export function runWorker(work: (context: WorkerContext) => void | Promise<void>): void {
  const scope = globalThis as unknown as WorkerScope;
  scope.onmessage = async ({ data: start }) => {
    const context = new WorkerContext(start, (message) => scope.postMessage(message));
    scope.onmessage = () => context.onWake?.();
    try {
      await work(context);
    } catch (error) {
      if (!(error instanceof ServeError)) throw error;
      context.post({ kind: "failed", reason: error.message });
      return;
    } finally {
      context.tellEvents();
    }
    context.post({ kind: "finished" });
  };
}
