/**
 * perf-stat(1) beside processes that run: system calls by name from one moment to another. Both are
 * told over fifos that perf answers on: to attach to each thread for each call takes seconds where
 * the kernel has to patch its tracepoints in, and counters that are still being made count nothing.
 *
 * @module
 */

import { join } from "@std/path";

/**
 * Calls told apart, by the names of the kernel's tracepoints: those that models make (SYMBOLS of
 * models/libc/symbols.ts), the runtime and other servers. All of them would be thousands of
 * descriptors for perf, one per call, thread and processor.
 */
export const CALLS: readonly string[] = (
  "accept accept4 bind brk clock_nanosleep clone clone3 close connect dup2 epoll_create1 " +
  "epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd2 exit exit_group fchmod fchmodat fchown " +
  "fcntl flock fstatfs ftruncate futex getdents64 geteuid getpeername getpid getsockname " +
  "getsockopt io_uring_enter io_uring_register io_uring_setup ioctl linkat listen lseek madvise " +
  "mkdirat mmap mprotect munmap nanosleep newfstat newfstatat newlstat newstat openat openat2 " +
  "pipe2 poll ppoll prctl pread64 pselect6 read readlinkat readv recvfrom recvmsg rename renameat " +
  "renameat2 rt_sigaction rt_sigprocmask sched_yield select sendfile64 sendmsg sendto setsockopt " +
  "shutdown socket socketpair splice statx umask unlink unlinkat utimensat wait4 write writev"
).split(" ");

/** Where the kernel lists its tracepoints. */
const TRACEPOINTS = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"];

/** How long perf may take to attach to every thread, and to answer, milliseconds. */
const ANSWER_MS_MAX = 20_000;

/** What it says when it has done as it was told, or nothing: it has ended. */
const ACK = "ack\n", OVER = "over";

/** To open a fifo so waits for nobody at its other end. */
const BOTH = { read: true, write: true } as const;

/** Why nothing can be counted. */
export interface Unavailable {
  readonly unavailable: string;
}

/** perf, attached to processes; it counts between `begin` and `end`. */
export class PerfStat implements AsyncDisposable {
  readonly #perf: Deno.ChildProcess;
  readonly #status: Promise<Deno.CommandStatus>;
  readonly #control: Deno.FsFile;
  readonly #answers: Deno.FsFile;
  readonly #output: string;

  private constructor(
    perf: Deno.ChildProcess,
    files: { readonly control: Deno.FsFile; readonly answers: Deno.FsFile; readonly path: string },
    output: string,
    readonly answerMsMax: number,
  ) {
    this.#perf = perf;
    this.#control = files.control;
    this.#answers = files.answers;
    this.#output = output;
    // Whoever waits for its answer is to hear that it has ended; by a file of its own, since the
    // runtime does one thing at a time with each.
    this.#status = perf.status.then(async (status) => {
      using own = await Deno.open(files.path, BOTH);
      await own.write(new TextEncoder().encode(OVER));
      return status;
    });
  }

  /** Attaches it to `pids`; its files are in a folder of their own in `folder`, and stay. */
  static async attach(
    pids: readonly number[],
    folder: string,
    answerMsMax = ANSWER_MS_MAX,
  ): Promise<PerfStat | Unavailable> {
    const own = await Deno.makeTempDir({ dir: folder });
    const [control, answers] = [join(own, "control"), join(own, "answers")];
    const output = join(own, "counts.csv");
    const { success } = await new Deno.Command("mkfifo", { args: [control, answers] }).output();
    if (!success) return { unavailable: "mkfifo(1) makes no fifo" };
    const events = ["raw_syscalls:sys_enter", ...CALLS.filter(hasTracepoint).map(tracepoint)];
    const args = ["stat", "-x", ",", "-o", output, "-e", events.join(","), "--delay=-1"];
    let perf: Deno.ChildProcess;
    try {
      perf = new Deno.Command("perf", {
        args: [...args, "--control", `fifo:${control},${answers}`, "-p", pids.join(",")],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return { unavailable: "perf is not installed" };
    }
    const files = {
      control: await Deno.open(control, BOTH),
      answers: await Deno.open(answers, BOTH),
      path: answers,
    };
    return new PerfStat(perf, files, output, answerMsMax);
  }

  /** Begins to count: resolves when every counter does, with why it cannot if it cannot. */
  async begin(): Promise<Unavailable | undefined> {
    return await this.#tell("enable");
  }

  /** Ends the count: calls by name since `begin`. */
  async end(): Promise<{ readonly calls: Readonly<Record<string, number>> } | Unavailable> {
    const failed = await this.#tell("disable");
    if (failed !== undefined) return failed;
    this.#kill("SIGINT"); // it writes what it has counted
    await this.#status;
    return { calls: parseCounts(await Deno.readTextFile(this.#output)) };
  }

  /** Lets go of the processes, and ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill("SIGKILL");
    await this.#status;
    this.#control.close();
    this.#answers.close();
  }

  async #tell(command: "enable" | "disable"): Promise<Unavailable | undefined> {
    await this.#control.write(new TextEncoder().encode(`${command}\n`));
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#kill("SIGKILL"); // its end is an answer, too
    }, this.answerMsMax);
    const buffer = new Uint8Array(64);
    const count = await this.#answers.read(buffer) ?? 0;
    clearTimeout(timer);
    const answer = new TextDecoder().decode(buffer.subarray(0, count));
    if (answer.startsWith(ACK)) return undefined;
    return {
      unavailable: isLate
        ? `perf did not answer within ${this.answerMsMax / 1e3} s`
        : "perf ended by itself: counting needs the right to trace",
    };
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#perf.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended
    }
  }
}

function tracepoint(call: string): string {
  return `syscalls:sys_enter_${call}`;
}

/** Whether this kernel has a tracepoint for `call`: perf counts nothing when one is missing. */
function hasTracepoint(call: string): boolean {
  return TRACEPOINTS.some((folder) => {
    try {
      return Deno.statSync(`${folder}/syscalls/sys_enter_${call}`).isDirectory;
    } catch {
      return false;
    }
  });
}

/** Reads what `perf stat -x ,` wrote: "8,,syscalls:sys_enter_mmap,856284,100.00,,". */
export function parseCounts(csv: string): Record<string, number> {
  const calls: Record<string, number> = {};
  let total = 0, named = 0;
  for (const line of csv.split("\n")) {
    const [value, , event = ""] = line.split(",");
    const count = Number(value);
    if (!(count > 0)) continue;
    if (event === "raw_syscalls:sys_enter") {
      total = count;
      continue;
    }
    const call = event.replace("syscalls:sys_enter_", "");
    calls[call] = (calls[call] ?? 0) + count;
    named += count;
  }
  if (total > named) calls.others = total - named;
  return calls;
}
