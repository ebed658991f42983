/** What README.md and ARCHITECTURE.md claim, compared with what is there. */

import { assert, assertEquals } from "@std/assert";
import { basename, join, toFileUrl } from "@std/path";
import { models, type Server } from "../models/mod.ts";
import { protocols } from "../server/mod.ts";
import { Child } from "./child.ts";
import { SERVER_NEEDS, testWith } from "./permission.ts";
import { login, Root } from "./served.ts";

const ROOT = new URL("../", import.meta.url);

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** The lines of the section under `heading`, up to the next one. */
function section(text: string, heading: string): string {
  const parts = text.split(/^## /m);
  const found = parts.find((part) => part.startsWith(`${heading}\n`));
  assert(found !== undefined, `There is no section "${heading}"`);
  return found;
}

/** The cells of a table's rows without its head, escaped bars unescaped, code marks gone. */
function tableOf(text: string): string[][] {
  const rows = text.split("\n").filter((line) => line.startsWith("|")).slice(2);
  return rows.map((row) =>
    row.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim().replaceAll(/`|\\(?=\|)/g, ""))
  );
}

/** Every flag that `serve --help` lists, with what it takes, `--port N`, and what is said of it. */
async function listedFlags(): Promise<Map<string, string>> {
  await using child = Child.main(["serve", "--help"]);
  const { code, stdout } = await child.ended();
  assertEquals(code, 0);
  const flags = /^Flags:\n((?: .*\n)+)/m.exec(stdout)![1]!;
  const entries = flags.split(/^ {2}(?=--)/m).slice(1).map((entry) => {
    const match = /^(--[a-z-]+(?: [A-Za-z:|/-]+)?)(?: {2,}|\s*\n)([^]*)$/.exec(entry);
    assert(match !== null, `Cannot read "${entry}"`);
    return [match[1]!, match[2]!.trim().replaceAll(/\s+/g, " ")] as const;
  });
  return new Map(entries);
}

testWith(["read", "run"], "README table of flags is that of serve --help", async () => {
  const rows = tableOf(section(read("README.md"), "Flags of serve"));
  const listed = await listedFlags();
  assertEquals(rows.flatMap(([flags]) => flags!.split(", ")), [...listed.keys()]);
  for (const [flags, value] of rows) {
    const help = listed.get(flags!.split(", ")[0]!)!;
    // A default that depends on something is told in words.
    const initial = /\(([^() ]+)\)$/.exec(help)?.[1];
    if (initial !== undefined) assertEquals(value, initial, `The default of ${flags}`);
  }
});

testWith(["read"], "README names every model and every protocol", () => {
  const text = read("README.md");
  const rows = tableOf(section(text, "Models"));
  assertEquals(rows.map(([name]) => name), [...models.keys()]);
  const flags = new Map(tableOf(section(text, "Flags of serve")).map((row) => [row[0], row[2]]));
  assertEquals(flags.get("--model NAME"), [...models.keys()].join(", "));
  assertEquals(flags.get("--protocol NAME"), [...protocols.keys()].join(", "));
  for (const name of protocols.keys()) {
    assert(section(text, "Models").includes(`\`${name}\``), name);
  }
});

testWith(["read"], "README and ARCHITECTURE name tasks and files that exist", () => {
  const { tasks } = JSON.parse(read("deno.json"));
  for (const document of ["README.md", "ARCHITECTURE.md"]) {
    const text = read(document);
    for (const [, task] of text.matchAll(/\b(?:deno|deno@[\d.]+) task ([a-z]+)/g)) {
      assert(task! in tasks, `${document} names the task "${task}"`);
    }
    const paths = /(?<![\w./-])(?:\.\/)?((?:server|models|client|tests|bench)\/[\w/]+\.ts)\b/g;
    for (const [, path] of text.matchAll(paths)) {
      assert(Deno.statSync(new URL(path!, ROOT)).isFile, `${document} names ${path}`);
    }
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      assert(Deno.statSync(new URL(target!, ROOT)).isFile, `${document} links to ${target}`);
    }
  }
});

testWith(["read"], "README imports of code exist", async () => {
  const imports = /import \{ ([\w, ]+) \} from "(\.\/[\w/.]+)"/g;
  for (const [, names, path] of read("README.md").matchAll(imports)) {
    const module = await import(new URL(path!, ROOT).href);
    for (const name of names!.split(", ")) assert(name in module, `${path} has no ${name}`);
  }
});

testWith(
  SERVER_NEEDS,
  "README lines that embed a server serve the folder that they name",
  async () => {
    const [, code] = /^```ts\n([^]*?)```$/m.exec(section(read("README.md"), "Embedding"))!;
    using root = new Root();
    const written = code!.trimEnd().split("\n");
    assertEquals(written.length, 3);
    const module = written.join("\n")
      .replace('"./models/mod.ts"', JSON.stringify(new URL("models/mod.ts", ROOT).href))
      .replace('root: "/srv/files"', `port: 0, root: ${JSON.stringify(root.path)}`);
    const folder = await Deno.makeTempDir();
    try {
      const path = join(folder, "embedding.ts");
      await Deno.writeTextFile(path, `${module}\nexport { server };\n`);
      const { server } = await import(toFileUrl(path).href) as { readonly server: Server };
      const ftp = await login(server.address);
      assertEquals(await ftp.list("NLST"), ["large"]);
      await ftp.refused("MKD other", 550);
      ftp.close();
      await server.stop(0);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWith([...SERVER_NEEDS, "run"], "README line of serve is what serve prints", async () => {
  const promised = /^ {4}(ftplab: serving .*)$/m.exec(read("README.md"))?.[1];
  const folder = await Deno.makeTempDir();
  try {
    await using server = Child.serve(["--port", "0"], { cwd: folder });
    const { line, port } = await server.serving();
    assertEquals(line.replace(`:${port},`, ":2121,"), promised);
    assertEquals([...Deno.readDirSync(`${folder}/files`)].map(({ name }) => basename(name)), [
      "a.avi",
    ]);
    server.kill("SIGINT");
    const { code, stdout } = await server.ended();
    assertEquals([code, stdout], [0, `${line}\n`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, models.get("multiplex")!.unavailable());
