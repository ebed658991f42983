/**
 * What a command makes the runtime read before it begins: files of the project, packages, parts of
 * the runtime itself. No times: what is read is the same on every machine.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { NEEDS, ours, withFolders } from "./client/stage.ts";
import { testWith } from "./permission.ts";

const PROJECT = new URL("../", import.meta.url);

/** What `deno info` tells of a module. */
interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    /** Absent where types alone are imported. */
    readonly code?: { readonly specifier: string };
    readonly isDynamic?: boolean;
  }[];
}

/** All files that the module `path` brings with it when it is run. */
async function filesOf(path: string): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", path],
    cwd: fromFileUrl(PROJECT),
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    readonly modules: readonly Module[];
  };
  const found = new Set([new URL(path, PROJECT).href]);
  for (const file of found) {
    const { dependencies = [] } = modules.find(({ specifier }) => specifier === file) ?? {};
    for (const { code, isDynamic } of dependencies) {
      if (code !== undefined && !isDynamic) found.add(code.specifier);
    }
  }
  return [...found];
}

const PARSER = "npm:deno-std/cli/parse_args.js";

/** What is read for a command, by the files whose imports are followed one after the other. */
const STARTS: readonly {
  readonly name: string;
  readonly rooms: readonly string[];
  /** How many files of the project that is. */
  readonly most: number;
  readonly packages: readonly string[];
  /** What others need, and this one does not. */
  readonly without: readonly string[];
}[] = [
  {
    name: "client get",
    rooms: ["main.ts", "client/cli/mod.ts", "client/cli/get.ts"],
    most: 77,
    packages: [PARSER],
    without: ["client/mod.ts", "client/tls.ts", "client/encoding.ts", "client/cli/secrets.ts"],
  },
  {
    name: "client put",
    rooms: ["main.ts", "client/cli/mod.ts", "client/cli/put.ts"],
    most: 77,
    packages: [PARSER],
    without: ["client/mod.ts", "client/local/downloads.ts"],
  },
  {
    name: "client cat",
    rooms: ["main.ts", "client/cli/mod.ts", "client/cli/changes.ts"],
    most: 73,
    packages: [PARSER],
    without: ["client/mod.ts", "client/local/part.ts"],
  },
  {
    name: "client ls",
    rooms: ["main.ts", "client/cli/mod.ts", "client/cli/listings.ts"],
    most: 68,
    packages: [PARSER],
    without: ["client/mod.ts", "client/cli/tables.ts"],
  },
  {
    name: "serve's supervisor",
    rooms: ["main.ts", "models/serve/mod.ts", "models/multiplex.ts"],
    most: 57,
    packages: [PARSER],
    without: ["server/ftp/session.ts", "models/files/disk.ts", "models/serve/sample_avi.ts"],
  },
  {
    name: "serve's worker",
    rooms: ["models/readiness/worker.ts", "models/selector/epoll.ts", "server/ftp/mod.ts"],
    most: 92,
    packages: ["npm:deno-std/data_structures/binary_heap.js"],
    without: ["models/selector/poll.ts", "server/mini/session.ts"],
  },
];

// A file costs some 20 system calls and a third of a millisecond.
for (const { name, rooms, most, packages, without } of STARTS) {
  testWith(["read", "run"], `${name} reads ${most} files at most and one package`, async () => {
    const found = [...new Set((await Promise.all(rooms.map(filesOf))).flat())];
    const files = found.filter((file) => file.startsWith(PROJECT.href));
    const others = found.filter((file) => !files.includes(file));
    assertEquals(others.map((name) => name.replace(/@[\d.]+/, "")), packages);
    for (const room of without) {
      const file = new URL(room, PROJECT);
      await Deno.stat(file);
      assertEquals(files.includes(file.href), false, room);
    }
    assert(files.length <= most, `${files.length} files`);
  });
}

/** The parts of the runtime that a client's command line asks for, by name. */
async function partsOf(args: readonly string[], cwd: string): Promise<string[]> {
  const file = (path: string) => fromFileUrl(new URL(path, PROJECT));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--allow-net",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      `--config=${file("deno.json")}`,
      `--preload=${file("tests/start_preload.ts")}`,
      file("main.ts"),
      "client",
      ...args,
    ],
    cwd,
  }).output();
  const text = new TextDecoder().decode(stderr);
  assert(success, text);
  return [...text.matchAll(/^reads (\w+)$/mg)].map(([, name]) => name!).sort();
}

// Timers and streams take the runtime a tenth of a short run each.
testWith(
  [...NEEDS, "run"],
  "no transfer asks for a part of the runtime but text",
  () =>
    withFolders(async (root, here) => {
      await Deno.writeTextFile(`${root}/a`, "12345");
      const server = await ours.start(root, { anonymous: "write" });
      try {
        for (const args of [["get", "a"], ["cat", "a"], ["put", "a", "-o", "b"], ["ls"]]) {
          const parts = await partsOf(["--port", `${server.endpoint.port}`, ...args], here);
          assertEquals(parts, ["TextDecoder", "TextEncoder"], args.join(" "));
        }
      } finally {
        await server.stop(0);
      }
    }),
);
