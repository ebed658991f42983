/**
 * FTP over IPv6 (RFC 2428), and a server that listens for both families.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertBytes, finalReply, pattern, portCommand, readAll } from "../client.ts";
import type { Cases, Target } from "../target.ts";

async function loopback6(target: Target): Promise<Target> {
  return await target.shared({ host: "::1" });
}

/** The cases by name. */
export const ipv6: Cases = {
  "EPSV: a download and an upload": async (target) => {
    await target.write("a", pattern(70_000));
    const ftp = await (await loopback6(target)).login();
    for (const verb of ["EPSV", "EPSV 2"]) {
      assertBytes(await ftp.fetch("RETR a", verb), pattern(70_000));
    }
    await ftp.put("STOR b", pattern(70_000));
    assertBytes(await target.read("b"), pattern(70_000));
  },

  "EPRT: a download": async (target) => {
    await target.write("a", pattern(70_000));
    const ftp = await (await loopback6(target)).login();
    const listener = ftp.listen();
    await ftp.command(portCommand("EPRT", listener), 200);
    await ftp.send("RETR a");
    assertBytes(await readAll(await ftp.accept(listener)), pattern(70_000));
    await finalReply(ftp, 226);
  },

  "LIST": async (target) => {
    await target.write("a", "");
    const ftp = await (await loopback6(target)).login();
    assertEquals((await ftp.list("LIST")).length, 1);
  },

  "PASV and PORT are refused": async (target) => {
    const ftp = await (await loopback6(target)).login();
    await ftp.command("PASV", "refusal");
    await ftp.command("PORT 127,0,0,1,200,200", "5xx");
    await ftp.command("NOOP", 200);
  },

  "EPSV 1 is 522 and names 2": async (target) => {
    const ftp = await (await loopback6(target)).login();
    assertStringIncludes((await ftp.command("EPSV 1", 522)).text, "(2)");
  },

  "EPRT of IPv4, of another host and of a low port are refused": async (target) => {
    const ftp = await (await loopback6(target)).login();
    await ftp.command("EPRT |1|127.0.0.1|51400|", "5xx");
    await ftp.command("EPRT |2|2001:db8::1|51400|", "5xx");
    await ftp.command("EPRT |2|::1|1000|", "5xx");
    await ftp.command("EPRT |2|nonsense|51400|", "5xx");
  },

  "EPRT takes the client's address however it is written": async (target) => {
    await target.write("a", pattern(100));
    const ftp = await (await loopback6(target)).login();
    const listener = ftp.listen();
    await ftp.command(`EPRT |2|0:0:0:0:0:0:0:1|${listener.addr.port}|`, 200);
    await ftp.send("RETR a");
    assertBytes(await readAll(await ftp.accept(listener)), pattern(100));
    await finalReply(ftp, 226);
  },

  "a server on :: serves IPv4 as IPv4": async (target) => {
    await target.write("a", pattern(5000));
    const both = await target.shared({ host: "::" });
    const ftp = await both.at("127.0.0.1").login();
    for (const verb of ["PASV", "EPSV", "EPSV 1"]) {
      assertBytes(await ftp.fetch("RETR a", verb), pattern(5000));
    }
    const listener = await ftp.active();
    await ftp.send("RETR a");
    assertBytes(await readAll(await ftp.accept(listener)), pattern(5000));
    await finalReply(ftp, 226);
    await ftp.command("PORT 127,0,0,2,200,200", "5xx");
  },

  "a server on :: serves IPv6": async (target) => {
    await target.write("a", pattern(5000));
    const both = await target.shared({ host: "::" });
    const ftp = await both.at("::1").login();
    assertBytes(await ftp.fetch("RETR a"), pattern(5000));
  },
};
