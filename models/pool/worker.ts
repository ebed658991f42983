/**
 * What every worker thread runs first: it waits for its first message, loads the protocol that is
 * spoken, then works as its model says. Each way of waiting has an entry of its own that calls
 * this, so that a worker loads no other's code.
 *
 * @module
 */

import { type Protocol, protocols } from "../../server/mod.ts";
import { goBy } from "../clock.ts";
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
    goBy(start.now);
    scope.onmessage = () => {}; // woken too early: `work` looks at the shared numbers first
    const { name, module } = protocols.get(start.options.protocol)!;
    // The address is no literal: the runtime would read the files of every protocol at the start.
    const { [name]: protocol }: Readonly<Record<string, Protocol>> = await import(module);
    const context = new WorkerContext(start, protocol!, (message) => scope.postMessage(message));
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
