/**
 * Readiness is a question to what can keep one waiting: sockets, pipes, terminals. A regular file has
 * no such state: there is always an answer, at once from memory or late from the device. select(2)
 * and poll(2) therefore call every file ready, always, at its end and for writing, too. epoll(7)
 * refuses to watch it, with EPERM. So a loop cannot wait for a disk: it reads, and stands still.
 *
 * The claim would be refuted by a kernel that takes the file, or by a poll that does not call it ready.
 *
 * @module
 */

import { EPERM, O_CREAT, O_RDWR } from "../../models/libc/constants.ts";
import { errorText, Libc, unavailableReason } from "../../models/libc/mod.ts";
import { READ, ReadyList, WRITE } from "../../models/selector/mod.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import { KINDS, selectorOf } from "./stage/selectors.ts";
import { Sockets } from "./stage/sockets.ts";

/** See Lesson. */
export const lesson: Lesson = {
  name: "regular-file",
  title: "epoll refuses a regular file, select and poll call it ready",
  claim: "Readiness means nothing for regular files: select and poll call them ready always, " +
    "epoll refuses them with EPERM",
  plan: "Open an empty file for reading and writing and give it to each selector; ask at once " +
    "whether it is ready. A pipe that nobody has written to is asked beside it.",
  rule: "confirmed when select and poll call the empty file readable and writable, epoll answers " +
    "EPERM, and nobody calls the empty pipe readable",
  refutedIf: "epoll takes the file, as one of a file system in user space (FUSE), which may have " +
    "readiness of its own, or select or poll let the reader of it wait",
  code: [
    "models/files/disk.ts: files are read and written without asking",
    "models/selector/epoll.ts: set(), whose result is the kernel's",
  ],
  unavailable: unavailableReason,
  async run({ say }) {
    using sockets = new Sockets(new Libc());
    const { libc } = sockets;
    const path = await Deno.makeTempFile({ prefix: "ftplab-lab-" });
    try {
      const file = sockets.own(libc.open(path, O_RDWR | O_CREAT, 0o600));
      const { from } = sockets.pipe();
      const answers = KINDS.map((name) => {
        const answer = { name, file: ask(file), pipe: ask(from) };
        say(`${name}: the file is ${answer.file}, the empty pipe ${answer.pipe}`);
        return answer;
        function ask(fd: number): string {
          const selector = selectorOf(name, libc);
          const ready = new ReadyList();
          const result = selector.set(fd, fd === file ? READ | WRITE : READ);
          if (result === 0) selector.wait(0, ready);
          selector.close();
          if (result === -EPERM) return "refused: EPERM";
          if (result < 0) return `refused: ${errorText(-result)}`;
          return ready.count === 0
            ? "not ready"
            : ready.bits[0] === (READ | WRITE)
            ? "readable and writable"
            : "readable or writable";
        }
      });
      const [select, poll, epoll] = answers.map(({ file }) => file);
      return {
        measured: answers.flatMap(({ name, file, pipe }) => [
          { name: `an empty file, ${name}`, value: file },
          { name: `an empty pipe, ${name}`, value: pipe },
        ]),
        verdict: verdictOf(answers),
        reason: `select: ${select}, poll: ${poll}, epoll: ${epoll}`,
      };
    } finally {
      await Deno.remove(path);
    }
  },
};

/** The rule: what select, poll and epoll say of the file and of the pipe. */
export function verdictOf(
  answers: readonly { readonly file: string; readonly pipe: string }[],
): Verdict {
  const [select, poll, epoll] = answers.map(({ file }) => file);
  const always = select === "readable and writable" && poll === select;
  const waits = answers.every(({ pipe }) => pipe === "not ready");
  return always && waits && epoll === "refused: EPERM" ? "confirmed" : "refuted";
}
