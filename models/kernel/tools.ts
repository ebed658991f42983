/**
 * What the connections of one thread share where the kernel's calls are ours, whether a loop waits
 * for all of them or a thread for one.
 *
 * @module
 */

import type { DriverTools } from "../driver/mod.ts";
import { Replies } from "../driver/replies.ts";
import { turnAway } from "../driver/reports.ts";
import { diskStore } from "../files/disk.ts";
import { slowStore } from "../files/slow_disk.ts";
import type { Kernel } from "../libc/mod.ts";
import { BULK_BYTES, CONTROL_BYTES, MOVE_BYTES_MAX, READY_FEW_MAX } from "../limits.ts";
import type { WorkerContext } from "../pool/link.ts";
import type { KernelTools } from "./data_connection.ts";
import { closeGently, type PassiveDescriptor, passiveDescriptors } from "./sockets.ts";
import { UploadPipe } from "./upload_pipe.ts";

/** For the wires of one thread. */
export interface ConnectionTools {
  /** For data connections. */
  readonly data: KernelTools;
  /** For drivers. */
  readonly driver: DriverTools<PassiveDescriptor>;
  /** CONTROL_BYTES long; holds nothing between two turns. */
  readonly controlBuffer: Uint8Array<ArrayBuffer>;
}

/** What a loop and a thread that blocks do differently. */
export interface ThreadWay extends Pick<KernelTools, "socketFlags" | "moveBytes" | "adopt"> {
  /** Why a descriptor is of no use to who waits for it. */
  refuses(fd: number): string | undefined;
}

/** The tools of one worker. */
export function connectionTools(
  context: WorkerContext,
  kernel: Kernel,
  { socketFlags, moveBytes, adopt, refuses }: ThreadWay,
): ConnectionTools {
  const { options, counters, admission, protocol } = context;
  const { turnBytes } = options;
  const buffer = new Uint8Array(BULK_BYTES);
  const wait = (ms: number) => kernel.sleep(ms);
  return {
    controlBuffer: new Uint8Array(CONTROL_BYTES),
    data: {
      kernel,
      counters,
      buffer,
      pipe: new UploadPipe(kernel, buffer, Math.min(turnBytes ?? BULK_BYTES, BULK_BYTES)),
      socketFlags,
      moveBytes: turnBytes === undefined ? moveBytes : () => turnBytes,
      adopt,
    },
    driver: {
      link: context,
      store: slowStore(diskStore(kernel, options.root), options.diskDelay, counters, wait),
      passive: passiveDescriptors(kernel, options, socketFlags, refuses),
      admission,
      protocol,
      replies: new Replies(counters),
    },
  };
}

/** How much one move of a transfer may be while `worked` have work in the round of a loop. */
export function moveBytes(worked: number): number {
  return worked > READY_FEW_MAX ? BULK_BYTES : MOVE_BYTES_MAX / Math.max(1, worked);
}

/** Releases what they hold; no connection uses them any more. */
export function closeTools({ data, driver }: ConnectionTools): void {
  driver.passive.close();
  driver.store.close();
  data.pipe.close();
}

/** Says to the peer of `fd` why it is not served, and closes it. */
export function refuse(
  { data: { kernel }, driver, controlBuffer }: ConnectionTools,
  fd: number,
  host: string,
  reason: string,
): void {
  kernel.send(fd, turnAway(driver, host, reason), 0);
  closeGently(kernel, fd, controlBuffer);
}
