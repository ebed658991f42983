/**
 * The machine card: what a run was measured on, and whether anything else was running there.
 * ../fill.ts takes it before and after; needs --allow-sys.
 *
 * @module
 */

import os from "node:os";
import { extname, fromFileUrl, join, relative } from "@std/path";
import { unavailableReason } from "../../models/libc/mod.ts";
import type { Idleness, Machine } from "../record.ts";

/** Reads the card. */
export function readMachine(): Machine {
  const processors = os.cpus();
  // Without CONFIG_IRQ_TIME_ACCOUNTING it stays 0: a tick finds no hard interrupt but its own.
  const interruptsApart = processors.some(({ times }) => times.irq > 0);
  return {
    processor: processors[0]?.model ?? "unknown",
    processors: processors.length,
    memory: Deno.systemMemoryInfo().total / 2 ** 30,
    kernel: `${os.type()} ${os.release()} ${Deno.build.arch}`,
    ...(interruptsApart ? { interruptsApart } : {}),
    deno: Deno.version.deno,
  };
}

/**
 * Why this machine can measure nothing, if so: load and samples call the kernel themselves, and
 * read what it tells of processes (proc(5)).
 *
 * @param proc where it tells it
 */
export function whyNotHere(proc = "/proc"): string | undefined {
  const unavailable = unavailableReason();
  if (unavailable !== undefined) return unavailable;
  try {
    Deno.readTextFileSync(`${proc}/self/limits`);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error.message;
  }
}

/** Descriptors of a process besides its sessions: the runtime's, listeners, files, transfers. */
const DESCRIPTORS_BESIDE = 256;

/**
 * RLIMIT_NOFILE, the soft one; Infinity when nothing limits it.
 *
 * @param limits the text of /proc/self/limits
 */
export function openFilesMax(
  limits: string = Deno.readTextFileSync("/proc/self/limits"),
): number {
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
}

/**
 * Why processes of this machine cannot hold so many sessions, a descriptor each, if they cannot:
 * server and load have the same limit.
 *
 * @param limits the text of /proc/self/limits
 */
export function whyTooMany(
  sessions: number,
  limits?: string,
): string | undefined {
  const most = openFilesMax(limits);
  if (sessions + DESCRIPTORS_BESIDE <= most) return undefined;
  return `${sessions} sessions need more than the ${most} descriptors that a process may have ` +
    "here (RLIMIT_NOFILE)";
}

/** What bears on figures: the servers, the clients, and who measures. */
const SOURCES = ["main.ts", "deno.json", "server", "models", "client", "bench"];

/** Of these only: pages and earlier runs bear on nothing. */
const SOURCE_ENDINGS = [".ts", ".c", ".h", ".json", ".py", ".pl", ".mjs"];

/** Below bench/: what runs leave behind. */
const LEFT_BEHIND = ["example", "results"];

/** Digits of the digest that are kept: it tells versions apart and protects nothing. */
const DIGEST_DIGITS = 16;

/** A digest of all sources that bear on figures, by their names and contents. */
export async function digestSources(): Promise<string> {
  const project = fromFileUrl(new URL("../../", import.meta.url));
  const names = (await Promise.all(SOURCES.map((name) => sourcesBelow(join(project, name)))))
    .flat().toSorted();
  const parts = await Promise.all(names.map(async (name) => {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(name));
    return `${relative(project, name)} ${new Uint8Array(digest).toHex()}\n`;
  }));
  const all = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(parts.join("")));
  return new Uint8Array(all).toHex().slice(0, DIGEST_DIGITS);
}

async function sourcesBelow(path: string): Promise<string[]> {
  if (SOURCE_ENDINGS.includes(extname(path))) return [path];
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory ? LEFT_BEHIND.includes(name) : !SOURCE_ENDINGS.includes(extname(name))) {
      continue;
    }
    found.push(...await sourcesBelow(join(path, name)));
  }
  return found;
}

/** How long `sampleIdleness` looks, milliseconds: 50 ticks of the kernel's accounting. */
const SAMPLE_MS = 500;

/** Looks at the processors for half a second. */
export async function sampleIdleness(): Promise<Idleness> {
  const before = processorTimes();
  await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  const after = processorTimes();
  const total = after.total - before.total;
  const idle = after.idle - before.idle;
  return { load: Deno.loadavg(), busy: total > 0 ? 1 - idle / total : 0 };
}

function processorTimes(): { total: number; idle: number } {
  let total = 0;
  let idle = 0;
  for (const { times } of os.cpus()) {
    total += times.user + times.nice + times.sys + times.idle + times.irq;
    idle += times.idle;
  }
  return { total, idle };
}
