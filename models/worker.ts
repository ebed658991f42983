/**
 * What every worker thread runs: waits for its first message, then works as its model says.
 *
 * @module
 */

import { models, ServeError } from "./mod.ts";
import { WorkerContext, type WorkerMessage, type WorkerStart } from "./worker_context.ts";

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerStart>) => void) | null;
  postMessage(message: WorkerMessage): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = async ({ data: start }) => {
  const context = new WorkerContext(start, (message) => scope.postMessage(message));
  scope.onmessage = () => context.onWake?.();
  try {
    await models.get(start.model)!.work(context);
  } catch (error) {
    if (!(error instanceof ServeError)) throw error;
    context.post({ kind: "failed", reason: error.message });
    return;
  }
  context.post({ kind: "finished" });
};
