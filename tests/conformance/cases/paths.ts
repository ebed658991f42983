/**
 * Nothing leads out of the root, whatever the verb; links inside are followed; names that the
 * server keeps for itself are nobody's.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { closeQuietly, join, octets, pattern, readAll, text } from "../client.ts";
import type { Conversation } from "../client.ts";
import type { Cases, Target } from "../target.ts";

/** A case whose folder holds "out", a link to a folder outside the root with a file "secret". */
function outside(
  run: (target: Target, ftp: Conversation, folder: string) => Promise<void>,
): (target: Target) => Promise<void> {
  return async (target) => {
    const folder = await target.outside();
    await Deno.symlink(folder, target.path("out"));
    await Deno.symlink(`${folder}/secret`, target.path("link"));
    await run(target, await target.login(), folder);
    assertEquals(await Deno.readTextFile(`${folder}/secret`), "secret");
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["secret"]);
  };
}

/** Fails when `command` sends a data connection anything with `secret` in it. */
async function keepsSecret(ftp: Conversation, command: string, secret: string): Promise<void> {
  const data = await ftp.passive();
  const { code } = await ftp.command(command, "any");
  if (code >= 200) {
    assert(code >= 400, `${command} is ${code}`);
    closeQuietly(data);
    return;
  }
  assert(!text(await readAll(data)).includes(secret), `${command} gave the secret`);
  await ftp.reply("any");
}

/** The cases by name. */
export const paths: Cases = {
  ".. and absolute paths stay below the root": async (target) => {
    const ftp = await target.login();
    for (const path of ["../../../../../../etc/passwd", "/etc/passwd", "/../etc/passwd"]) {
      await ftp.refused(`RETR ${path}`, 550);
      await ftp.command(`SIZE ${path}`, 550);
      await ftp.command(`MDTM ${path}`, 550);
      await ftp.command(`MLST ${path}`, 550);
      await ftp.command(`RNFR ${path}`, [450, 550]);
      await ftp.command(`DELE ${path}`, [450, 550]);
    }
  },

  "LIST and MLSD of paths above the root show the root or nothing": async (target) => {
    const ftp = await target.login();
    const secret = "passwd";
    for (const path of ["/etc", "../../../../etc", "/../etc"]) {
      await keepsSecret(ftp, `LIST ${path}`, secret);
      await keepsSecret(ftp, `NLST ${path}`, secret);
      await keepsSecret(ftp, `MLSD ${path}`, secret);
    }
  },

  "STOR and MKD with .. make things below the root": async (target) => {
    const ftp = await target.login();
    const up = "../".repeat(12);
    const name = `${target.folder.slice(1)}-escaped`;
    const data = await ftp.passive();
    const { code } = await ftp.command(`STOR ${up}${name}`, "any");
    closeQuietly(data);
    if (code < 200) await ftp.reply("any");
    await ftp.command(`MKD ${up}${name}-folder`, "any");
    const made = [...Deno.readDirSync(target.root)].map((found) => found.name);
    if (code < 200) assert(made.includes(name), "The upload is not in the root");
    for (const found of [name, `${name}-folder`]) {
      assert(!await exists(`/${found}`), `"/${found}" is on the disk`);
      if (made.includes(found)) await Deno.remove(`${target.root}/${found}`);
    }
  },

  "RNTO with .. moves nothing out": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    const name = `${target.folder.slice(1)}-moved`;
    await ftp.command("RNFR a", 350);
    const { code } = await ftp.command(`RNTO ${"../".repeat(12)}${name}`, [250, 550, 553]);
    if (code === 250) {
      assertEquals(await Deno.readTextFile(`${target.root}/${name}`), "content");
      await Deno.remove(`${target.root}/${name}`);
    } else {
      await target.holds("a");
    }
  },

  "PWD never shows the path on the disk": async (target) => {
    const ftp = await target.login();
    await ftp.command("CWD /", 250);
    const { text: said } = await ftp.command("PWD", 257);
    assertStringIncludes(said, '257 "/"');
    assert(!said.includes(target.root));
  },

  "an error never shows the path on the disk": async (target) => {
    await target.mkdir("d");
    await target.write("d/a", "");
    const ftp = await target.login();
    const said = [
      await ftp.refused("RETR missing", 550),
      await ftp.command("RMD d", 550),
      await ftp.command("CWD missing", 550),
      await ftp.command("DELE d", 550),
      await ftp.command("MKD d", [521, 550]),
    ];
    for (const { text: line } of said) assert(!line.includes(target.root), line);
  },

  "a backslash in a name is an octet like any other": async (target) => {
    const ftp = await target.login();
    await ftp.put("STOR a\\b", octets("content"));
    await ftp.command("MKD ..\\d", 257);
    await ftp.refused("RETR ..\\..\\etc\\passwd", [550, 553]);
    assertEquals((await ftp.fetch("RETR a\\b")).length, 7);
    await target.holds("..\\d", "a\\b");
  },

  "a name with NUL is refused by every verb": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    for (const verb of ["DELE", "SIZE", "MDTM", "MLST", "RNFR", "CWD", "MKD", "RMD"]) {
      await ftp.command(octets(`${verb} a\0b\r\n`), "5xx");
    }
    const data = await ftp.passive();
    await ftp.command(octets("RETR a\0\r\n"), "5xx");
    closeQuietly(data);
    await target.holds("a");
  },

  "a name of 300 octets is refused": async (target) => {
    const ftp = await target.login();
    const name = "n".repeat(300);
    await ftp.command(`MKD ${name}`, [501, 550, 553]);
    await ftp.refused(`STOR ${name}`, [501, 550, 553]);
    await ftp.refused(`RETR ${name}`, [501, 550, 553]);
    await target.holds();
  },

  "a name of 240 octets is taken": async (target) => {
    const ftp = await target.login();
    const name = "n".repeat(240);
    await ftp.put(`STOR ${name}`, octets("content"));
    await target.holds(name);
    assertEquals((await ftp.fetch(`RETR ${name}`)).length, 7);
  },

  "glob characters, percent signs and tildes are only characters": async (target) => {
    const names = ["*", "?", "[a]", "{a,b}", "%2e%2e", "~", "$HOME", "'", "a|b", "-la", "..."];
    await target.write("other", "");
    const ftp = await target.login();
    for (const name of names) await ftp.put(`STOR ./${name}`, octets(name));
    await target.holds("other", ...names);
    for (const name of names) {
      assertEquals(text(await ftp.fetch(`RETR ./${name}`)), name);
      await ftp.command(`DELE ./${name}`, 250);
    }
    await target.holds("other");
  },

  "RETR through links that lead out is 550": outside(async (target, ftp) => {
    await ftp.refused("RETR link", 550);
    await ftp.refused("RETR out/secret", 550);
    await ftp.refused(`RETR ${target.folder}/out/secret`, 550);
  }),

  "CWD through a link that leads out is 550": outside(async (target, ftp) => {
    await ftp.command("CWD out", 550);
    assertStringIncludes((await ftp.command("PWD", 257)).text, `"${target.folder}"`);
  }),

  "LIST, NLST and MLSD through a link that leads out show nothing of it": outside(
    async (_target, ftp) => {
      for (const verb of ["LIST", "NLST", "MLSD"]) {
        for (const path of ["out/", "out/.", "out/secret"]) {
          await keepsSecret(ftp, `${verb} ${path}`, "secret");
        }
      }
    },
  ),

  "SIZE, MDTM and MLST through a link that leads out tell nothing": outside(
    async (_target, ftp) => {
      await ftp.command("SIZE link", 550);
      for (const path of ["out/secret", "out/missing"]) {
        await ftp.command(`SIZE ${path}`, 550);
        await ftp.command(`MDTM ${path}`, 550);
        await ftp.command(`MLST ${path}`, 550);
      }
    },
  ),

  "STOR and APPE through links that lead out write nothing there": outside(
    async (_target, ftp) => {
      await ftp.refused("STOR out/secret", [550, 553]);
      await ftp.refused("STOR out/new", [550, 553]);
      await ftp.refused("APPE out/secret", [550, 553]);
      await ftp.refused("APPE link", [550, 553]);
    },
  ),

  "STOR onto a link that leads out is refused or replaces the link": outside(
    async (target, ftp) => {
      const data = await ftp.passive();
      const { code } = await ftp.command("STOR link", [125, 150, 550, 553]);
      await data.write(octets("content"));
      data.close();
      if (code < 200) {
        const end = await ftp.reply([226, 550, 553]);
        if (end.code === 226) assert((await Deno.lstat(target.path("link"))).isFile);
      }
    },
  ),

  "MKD, RMD, DELE and RNFR through a link that leads out do nothing": outside(
    async (_target, ftp) => {
      await ftp.command("MKD out/d", 550);
      await ftp.command("RMD out/.", 550);
      await ftp.command("DELE out/secret", [450, 550]);
      await ftp.command("RNFR out/secret", [450, 550]);
    },
  ),

  "RNTO through a link that leads out does nothing": outside(async (target, ftp) => {
    await target.write("a", "content");
    await ftp.command("RNFR a", 350);
    await ftp.command("RNTO out/a", [550, 553]);
    assertEquals(await target.readText("a"), "content");
  }),

  "MFMT and SITE CHMOD of links that lead out change nothing there": outside(
    async (_target, ftp, folder) => {
      const before = await Deno.stat(`${folder}/secret`);
      for (const path of ["link", "out/secret"]) {
        await ftp.command(`MFMT 20010101000000 ${path}`, 550);
        await ftp.command(`SITE CHMOD 600 ${path}`, 550);
      }
      const after = await Deno.stat(`${folder}/secret`);
      assertEquals([after.mode, after.mtime], [before.mode, before.mtime]);
    },
  ),

  "a link with .. that leads out is refused": async (target) => {
    await Deno.symlink("../".repeat(20) + "etc", target.path("up"));
    const ftp = await target.login();
    await ftp.command("CWD up", 550);
    await ftp.refused("RETR up/passwd", 550);
  },

  "a link to the root's own sibling of like name is refused": async (target) => {
    const sibling = `${target.root}-sibling`;
    await Deno.mkdir(sibling, { recursive: true });
    target.defer({ close: () => Deno.remove(sibling, { recursive: true }) });
    await Deno.writeTextFile(`${sibling}/secret`, "secret");
    await Deno.symlink(sibling, target.path("out"));
    const ftp = await target.login();
    await ftp.command("CWD out", 550);
    await ftp.refused("RETR out/secret", 550);
  },

  "links that stay inside are followed": async (target) => {
    await target.mkdir("d");
    await target.write("d/a", "content");
    await Deno.symlink("d", target.path("folder"));
    await Deno.symlink("d/a", target.path("file"));
    await Deno.symlink(target.path("d/a"), target.path("absolute"));
    const ftp = await target.login();
    for (const name of ["folder/a", "file", "absolute"]) {
      assertEquals((await ftp.fetch(`RETR ${name}`)).length, 7);
      assertEquals((await ftp.command(`SIZE ${name}`, 213)).text, "213 7");
    }
    await ftp.command("CWD folder", 250);
    await ftp.put("STOR b", octets("content"));
    assertEquals(await target.names("d"), ["a", "b"]);
  },

  "DELE of a link removes the link": async (target) => {
    await target.write("a", "content");
    await Deno.symlink("a", target.path("link"));
    const ftp = await target.login();
    await ftp.command("DELE link", 250);
    await target.holds("a");
  },

  "links that lead nowhere or round in a circle are 550, and can be renamed": async (target) => {
    await Deno.symlink("missing", target.path("dangling"));
    await Deno.symlink("circle", target.path("circle"));
    const ftp = await target.login();
    for (const name of ["dangling", "circle"]) {
      await ftp.refused(`RETR ${name}`, 550);
      await ftp.command(`CWD ${name}`, 550);
      await ftp.command(`SIZE ${name}`, 550);
    }
    await ftp.fetch("LIST");
    await ftp.fetch("MLSD");
    await ftp.command("RNFR circle", 350);
    await ftp.command("RNTO moved", 250);
    await ftp.command("RNFR dangling", 350);
    await ftp.command("RNTO moved", 250);
    await target.holds("moved");
  },

  "names of partial uploads are refused to STOR, APPE, MKD and RNTO": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    await ftp.refused("STOR .a.ftplab-part", 553);
    await ftp.refused("APPE .a.ftplab-part", "5xx");
    await ftp.command("RNFR a", 350);
    await ftp.command("RNTO .b.ftplab-part", 553);
    await target.holds("a");
  },

  "a very long argument of every verb is answered": async (target) => {
    const ftp = await target.login();
    const long = join("x/".repeat(1900));
    for (const verb of ["CWD", "MKD", "RMD", "DELE", "SIZE", "MDTM", "RNFR", "MLST"]) {
      await ftp.command(join(`${verb} `, long, "\r\n"), "5xx");
    }
    await target.holds();
  },

  "an upload does not follow its own name's partial link out": async (target) => {
    const folder = await target.outside();
    await Deno.symlink(`${folder}/secret`, target.path(".a.ftplab-part"));
    const ftp = await target.login();
    const data = await ftp.passive();
    const { code } = await ftp.command("STOR a", [125, 150, 450, 550, 553]);
    await data.write(pattern(100)).catch(() => {});
    data.close();
    if (code < 200) await ftp.reply("any");
    assertEquals(await Deno.readTextFile(`${folder}/secret`), "secret");
  },
};

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
