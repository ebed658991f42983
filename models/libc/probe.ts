/**
 * What experiments ask the kernel about the calling thread and about files: how much processor
 * time, how many context switches, which processor, how much of a file is cached.
 *
 * bench/ calls this. It has a table of its own, so that a server loads nothing of it; no
 * call here moves an octet of anybody's.
 *
 * @module
 */

const SYMBOLS = {
  // int clock_gettime(clockid_t clock, struct timespec *time)
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  // int getrusage(int who, struct rusage *usage)
  getrusage: { parameters: ["i32", "buffer"], result: "i32" },
  // int sched_setaffinity(pid_t pid, size_t bytes, const cpu_set_t *mask)
  sched_setaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  // int cachestat(unsigned int fd, struct cachestat_range *range, struct cachestat *stat,
  //   unsigned int flags); the C library has no name for it: long syscall(long number, ...)
  cachestat: {
    name: "syscall",
    parameters: ["i64", "u32", "buffer", "buffer", "u32"],
    result: "i32",
  },
  // long sysconf(int name)
  sysconf: { parameters: ["i32"], result: "i64" },
} as const satisfies Deno.ForeignLibraryInterface;

/** <time.h>: processor time of the calling thread, in nanoseconds. */
const CLOCK_THREAD_CPUTIME_ID = 3;

/** <linux/posix-timers.h>: all of a process, threads that have ended included, in nanoseconds. */
const CPUCLOCK_SCHED = 2;

/** <sys/resource.h>: of the calling thread only. */
const RUSAGE_THREAD = 1;

/** struct rusage in 64-bit fields: its size, ru_minflt, ru_nvcsw and ru_nivcsw. */
const RUSAGE_FIELDS = 18, FAULTS_FIELD = 8, VOLUNTARY_FIELD = 16, INVOLUNTARY_FIELD = 17;

/** cpu_set_t: 1024 bits. */
const CPU_SET_BYTES = 128;

/** <asm/unistd.h>, the same on x86-64 and arm64; since Linux 6.5. */
const SYS_CACHESTAT = 451n;

/** <unistd.h>: what sysconf(3) is asked for. */
const _SC_PAGESIZE = 30;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let library: Library | undefined;

/** Opens the C library once per thread, at the first use: importing this file loads nothing. */
function symbols(): Library {
  return library ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

/** How often a thread gave its processor away. */
export interface Switches {
  /** Because it waited. */
  readonly voluntary: number;
  /** Because its time was up, or somebody more urgent came. */
  readonly involuntary: number;
}

/** The questions of one thread, asked by it. */
export class Probe {
  readonly #c = symbols();
  readonly #time = new BigInt64Array(2);
  readonly #usage = new BigInt64Array(RUSAGE_FIELDS);

  /** Processor time that the calling thread has used, microseconds (clock_gettime(2)). */
  cpuUs(): number {
    this.#c.clock_gettime(CLOCK_THREAD_CPUTIME_ID, this.#time);
    return Number(this.#time[0]!) * 1e6 + Number(this.#time[1]!) / 1e3;
  }

  /** Context switches of the calling thread so far (getrusage(2)). */
  switches(): Switches {
    this.#c.getrusage(RUSAGE_THREAD, this.#usage);
    return {
      voluntary: Number(this.#usage[VOLUNTARY_FIELD]!),
      involuntary: Number(this.#usage[INVOLUNTARY_FIELD]!),
    };
  }

  /**
   * Pages that the kernel had to find for the calling thread so far without a device (ru_minflt):
   * one at each first touch, by the program as by a call that copies for it.
   */
  pageFaults(): number {
    this.#c.getrusage(RUSAGE_THREAD, this.#usage);
    return Number(this.#usage[FAULTS_FIELD]!);
  }

  /** Keeps the calling thread on processor `index` from now on; false when it may not. */
  pin(index: number): boolean {
    const mask = new Uint8Array(CPU_SET_BYTES);
    mask[index >> 3]! |= 1 << (index & 7);
    return this.#c.sched_setaffinity(0, BigInt(CPU_SET_BYTES), mask) === 0;
  }

  /** Pages of a file that are in the kernel's cache, or undefined before Linux 6.5. */
  cachedPages(fd: number): number | undefined {
    const range = new BigUint64Array(2); // a length of 0 means to the end
    const stat = new BigUint64Array(5); // nr_cache comes first
    if (this.#c.cachestat(SYS_CACHESTAT, fd, range, stat, 0) !== 0) return undefined;
    return Number(stat[0]!);
  }
}

/**
 * Processor time that process `pid` has used, seconds, by its own clock (clock_getcpuclockid(3)):
 * of all its threads, those that have ended too, but none of its children. undefined when it is
 * gone.
 */
export function processCpuSeconds(pid: number): number | undefined {
  const time = new BigInt64Array(2);
  if (symbols().clock_gettime((~pid << 3) | CPUCLOCK_SCHED, time) !== 0) return undefined;
  return Number(time[0]!) + Number(time[1]!) / 1e9;
}

/** Octets of a page (sysconf(3)): 4,096 on x86-64, of arm64 the kernel may have 16 or 64 KiB. */
export function pageBytes(): number {
  return Number(symbols().sysconf(_SC_PAGESIZE));
}

/**
 * Memory that begins at a page, as O_DIRECT wants it (open(2)), and shares its last page with
 * nothing.
 */
export function alignedBuffer(bytes: number): Uint8Array<ArrayBuffer> {
  const page = pageBytes();
  const room = new Uint8Array(page * (Math.ceil(bytes / page) + 1));
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(room));
  const skipped = Number(-BigInt(address) & BigInt(page - 1));
  return room.subarray(skipped, skipped + bytes);
}
