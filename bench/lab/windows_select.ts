/**
 * "Windows has select only" stands in many a text, since select is what Winsock took over from
 * Berkeley. Its fd_set is no array of bits but a list of at most 64 sockets, a number that a program
 * may redefine before it includes the header, so the limit of 1024 is not there either. WSAPoll came
 * with Windows Vista and is like poll(2). What servers use is neither: I/O completion ports, since
 * Windows NT 3.5, on which calls are begun and reported when they are done; io_uring(7) is the like.
 *
 * It would take Windows to see it: where two of the three can be used, the claim is refuted. Nothing
 * here calls Windows, so the lesson says why it does not run.
 *
 * @module
 */

import { type Lesson, LessonError } from "./lesson.ts";

/** What is known, in place of an experiment. */
const KNOWN = "it takes Windows and calls of Winsock, which this project does not make; what is " +
  "known: select there takes a list of 64 sockets that a program may lengthen, WSAPoll is poll " +
  "since Vista, and servers use I/O completion ports (IOCP)";

/** See Lesson. */
export const lesson: Lesson = {
  name: "windows-select",
  title: "what Windows has beside select",
  claim: "Windows has select only",
  plan:
    "None here: it would be to wait for two sockets by select, by WSAPoll and by a completion " +
    "port on Windows",
  rule:
    "confirmed when neither WSAPoll nor a completion port tells of a socket that select tells of",
  refutedIf: "WSAPoll or a completion port tells of a socket there, which is what is known of both",
  code: [
    "models/async.ts: on Windows the runtime waits at a completion port",
    "models/libc/library.ts: unavailableReason(), why the other models do not run there",
  ],
  unavailable: () => KNOWN,
  run: () => Promise.reject(new LessonError(`Cannot be run: ${KNOWN}`)),
};
