/**
 * One worker of polling or multiplex: the listener, the gate, and the connections that it has let
 * in, all in one event loop.
 *
 * @module
 */

import { protocols } from "../../server/mod.ts";
import { now } from "../clock.ts";
import { diskStore } from "../files/disk.ts";
import * as c from "../libc/constants.ts";
import { errorText, type Kernel } from "../libc/mod.ts";
import { ACCEPT_PAUSE_MS, ACCEPTS_PER_TURN_MAX, BULK_BYTES, CONTROL_BYTES } from "../limits.ts";
import { DRAINING, RUNNING, type WorkerContext } from "../pool/link.ts";
import { READ, type Selector } from "../selector/mod.ts";
import { Loop, type Watch, watchReadable } from "./loop.ts";
import { acceptedPeer, isAcceptRetry, passiveDescriptors } from "./sockets.ts";
import { UploadPipe } from "./upload_pipe.ts";
import { ReadinessWire, type WireTools } from "./wire.ts";

/** Serves one listener in one loop. */
export class ReadinessServer {
  readonly #loop: Loop;
  readonly #wires = new Set<ReadinessWire>();
  readonly #tools: WireTools;
  readonly #eventCount = new Uint8Array(8);
  #accepting: Watch | undefined;

  constructor(
    readonly context: WorkerContext,
    readonly kernel: Kernel,
    readonly selector: Selector,
  ) {
    const { options, counters } = context;
    const buffer = new Uint8Array(BULK_BYTES);
    this.#loop = new Loop(kernel, selector, counters, now);
    this.#tools = {
      loop: this.#loop,
      controlBuffer: new Uint8Array(CONTROL_BYTES),
      data: {
        kernel,
        counters,
        buffer,
        pipe: new UploadPipe(kernel, buffer),
        socketFlags: c.SOCK_NONBLOCK,
        adopt: (fd) => selector.refuses(fd),
      },
      driver: {
        link: context,
        store: diskStore(kernel, options.root),
        passive: passiveDescriptors(kernel, options, c.SOCK_NONBLOCK),
        admission: context.admission,
        protocol: protocols.get(options.protocol)!,
      },
      ended: (wire) => void this.#wires.delete(wire),
    };
  }

  /** Serves until the supervisor says stop and the last connection has ended. */
  run(): void {
    const { context } = this;
    const { driver, data } = this.#tools;
    const wake = this.#watch(context.wake, (watch) => this.#woken(watch));
    this.#accepting = this.#watch(context.listener, (watch) => this.#accept(watch));
    context.ready(context.options.port);
    while (context.stopping === RUNNING || this.#wires.size > 0) this.#loop.round();
    this.#loop.unwatch(wake);
    driver.passive.close();
    driver.store.close();
    data.pipe.close();
    this.selector.close();
  }

  /** An error here is nobody's connection's: the worker ends by it. */
  #watch(fd: number, ready: (watch: Watch) => void): Watch {
    return watchReadable(this.#loop, fd, ready, (error) => {
      throw error;
    });
  }

  #accept(watch: Watch): void {
    for (let accepts = 0; accepts < ACCEPTS_PER_TURN_MAX; accepts++) {
      const fd = this.kernel.accept(watch.fd, c.SOCK_NONBLOCK);
      if (fd < 0 && !isAcceptRetry(fd)) return this.#nobody(watch, fd);
      this.#loop.progressed();
      if (fd >= 0) this.#admit(fd);
    }
    watch.ready = READ; // there may be more: others have their turn first
  }

  #nobody(watch: Watch, error: number): void {
    watch.ready = 0;
    if (error === -c.EAGAIN) return;
    this.context.acceptingPauses(errorText(-error));
    this.#loop.unwatch(watch);
    this.#accepting = undefined;
    this.#loop.after(ACCEPT_PAUSE_MS, () => {
      if (this.context.stopping !== RUNNING) return;
      this.#accepting = this.#watch(this.context.listener, (watch) => this.#accept(watch));
    });
  }

  #admit(fd: number): void {
    const { context, kernel } = this;
    const { host } = kernel.remoteAddress();
    const refusal = this.selector.refuses(fd) ?? context.admission.admit(host);
    if (refusal !== undefined) return this.#refuse(fd, host, refusal);
    const peer = acceptedPeer(kernel, fd, context.options, context.beginSession());
    let wire: ReadinessWire;
    try {
      wire = new ReadinessWire(this.#tools, fd, peer);
    } catch (error) {
      context.endSession();
      context.admission.leave(host, false);
      return this.#refuse(fd, host, error instanceof Error ? error.message : String(error));
    }
    this.#wires.add(wire);
    wire.begin();
  }

  #refuse(fd: number, host: string, reason: string): void {
    this.context.event({ kind: "refused", host, reason });
    const octets = this.#tools.driver.protocol.refusal(reason) as Uint8Array<ArrayBuffer>;
    this.kernel.send(fd, octets, 0);
    this.kernel.close(fd);
  }

  /** The supervisor has news: the operator's answer, or the stop. */
  #woken(wake: Watch): void {
    wake.ready = 0;
    if (this.kernel.read(wake.fd, this.#eventCount) < 0) return;
    this.#loop.progressed();
    this.context.deliver();
    const { stopping } = this.context;
    if (stopping === RUNNING) return;
    if (this.#accepting !== undefined) this.#loop.unwatch(this.#accepting);
    this.#accepting = undefined;
    for (const wire of [...this.#wires]) {
      if (stopping === DRAINING) wire.stop();
      else wire.abandon();
    }
  }
}
