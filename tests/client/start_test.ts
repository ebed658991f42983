/**
 * What a transfer makes the runtime read before it begins.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { testWith } from "../permission.ts";
import { NEEDS, ours, withFolders } from "./stage.ts";

const PROJECT = new URL("../../", import.meta.url);

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

/** What commands read, by the files that they name one after the other, and how many that may be. */
const COMMANDS: readonly {
  readonly name: string;
  readonly rooms: readonly string[];
  readonly most: number;
  /** What the count would not show: each of these costs more than a file, or is a sign of more. */
  readonly without: readonly string[];
}[] = [
  {
    name: "client get",
    rooms: ["main.ts", "client/cli/mod.ts", "client/cli/get.ts"],
    most: 73,
    without: [
      "client/mod.ts",
      "client/tls.ts",
      "client/encoding.ts",
      "client/local/uploads.ts",
      "client/cli/secrets.ts",
    ],
  },
  {
    name: "client put",
    rooms: ["main.ts", "client/cli/mod.ts", "client/cli/put.ts"],
    most: 74,
    without: ["client/mod.ts", "client/local/downloads.ts"],
  },
  {
    name: "client cat",
    rooms: ["main.ts", "client/cli/mod.ts", "client/cli/changes.ts"],
    most: 67,
    without: ["client/mod.ts", "client/local/part.ts"],
  },
  {
    name: "client ls",
    rooms: ["main.ts", "client/cli/mod.ts", "client/cli/listings.ts"],
    most: 66,
    without: ["client/mod.ts", "client/cli/tables.ts"],
  },
];

// Each file is some 20 system calls, and a hundredth of the time that a small file takes to come.
for (const { name, rooms, most, without } of COMMANDS) {
  testWith(["read", "run"], `${name} reads ${most} files and one package at most`, async () => {
    const files = new Set((await Promise.all(rooms.map(filesOf))).flat());
    const packages = [...files].filter((file) => !file.startsWith(PROJECT.href));
    assertEquals(packages.map((name) => name.replace(/@[\d.]+/, "")), [
      "npm:deno-std/cli/parse_args.js",
    ]);
    for (const room of without) assertEquals(files.has(new URL(room, PROJECT).href), false, room);
    assert(files.size <= most, `${files.size} files`);
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
      `--preload=${file("tests/client/lazy_preload.ts")}`,
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
