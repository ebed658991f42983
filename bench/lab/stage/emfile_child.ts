/**
 * A process that has run out of descriptors while a client waits to be accepted: emfile_spins.ts
 * starts it with a low limit, so that nobody else is short of any. It prints one line of JSON.
 *
 * @module
 */

import { EMFILE, SOCK_NONBLOCK } from "../../../models/libc/constants.ts";
import { errorText, Libc } from "../../../models/libc/mod.ts";
import { EpollSelector } from "../../../models/selector/epoll.ts";
import { READ, ReadyList } from "../../../models/selector/mod.ts";
import { Sockets } from "./sockets.ts";

/** What the process counted. */
export interface Starved {
  /** Descriptors that it opened until there were none left. */
  readonly opened: number;
  /** Waits for the listener, each with a time-out. */
  readonly waits: number;
  /** Waits that told of the client that cannot be accepted. */
  readonly told: number;
  /** Calls of accept that said EMFILE. */
  readonly refused: number;
  /** Waits that told of it while the listener was paused. */
  readonly toldPaused: number;
  /** Clients accepted once a descriptor was free and the listener watched again. */
  readonly accepted: number;
}

/** Time-out of a wait, milliseconds; more descriptors than any limit that is set for this. */
const WAIT_MS = 5, DESCRIPTORS_MAX = 4_096;

/** Waits while the listener is paused: each lasts its whole time-out. */
const PAUSED_WAITS = 10;

function starve(waits: number): Starved {
  using sockets = new Sockets(new Libc());
  const { libc } = sockets;
  const listener = sockets.listen(SOCK_NONBLOCK);
  const selector = new EpollSelector(libc, "level");
  selector.set(listener.fd, READ);
  sockets.connect(listener.port);
  sockets.awaitInput(listener.fd);
  let [opened, last] = [0, -1];
  for (let fd = libc.eventfd(); opened < DESCRIPTORS_MAX; fd = libc.eventfd()) {
    if (fd === -EMFILE) break;
    last = sockets.own(fd);
    opened++;
  }
  const ready = new ReadyList();
  const watch = (times: number, onReady: () => void) => {
    let told = 0;
    for (let wait = 0; wait < times; wait++) {
      selector.wait(WAIT_MS, ready);
      if (ready.count === 0) continue;
      told++;
      onReady();
    }
    return told;
  };
  let refused = 0;
  const told = watch(waits, () => {
    const fd = libc.accept(listener.fd, 0);
    if (fd === -EMFILE) refused++;
    else if (fd < 0) throw new Error(`Cannot accept: ${errorText(-fd)}`);
    else sockets.own(fd);
  });
  selector.remove(listener.fd);
  const toldPaused = watch(PAUSED_WAITS, () => {});
  sockets.close(last);
  selector.set(listener.fd, READ);
  let accepted = 0;
  watch(1, () => {
    if (sockets.own(libc.accept(listener.fd, 0)) >= 0) accepted++;
  });
  selector.close();
  return { opened, waits, told, refused, toldPaused, accepted };
}

if (import.meta.main) console.log(JSON.stringify(starve(Number(Deno.args[0]))));
