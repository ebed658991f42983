/**
 * FTP URLs: what their parts are, and which cannot be used.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodingOf } from "../../client/encoding.ts";
import { encodeText } from "../../client/text.ts";
import {
  type FtpUrl,
  isUrl,
  parseUrl,
  portOf,
  splitHost,
  UrlError,
  withoutPassword,
} from "../../client/url.ts";

/** URLs and what they say beside scheme ftp, host h and port 21. */
const GOOD: Readonly<Record<string, Partial<FtpUrl>>> = {
  "ftp://h": { path: "" },
  "ftp://h/": { path: "" },
  "ftp://h/a": { path: "a" },
  "ftp://h/a/b/": { path: "a/b/" },
  "ftp://h//etc/motd": { path: "/etc/motd" },
  "ftp://h/%2Fetc/motd": { path: "/etc/motd" },
  "ftp://h/%2fetc/motd": { path: "/etc/motd" },
  "ftp://h/a%20b%25c": { path: "a b%c" },
  "ftp://h/a b?c": { path: "a b?c" },
  "ftp://h/%C3%BC/ü": { path: "ü/ü" },
  "ftp://h/a;type=i": { path: "a", type: "i" },
  "ftp://h/a;TYPE=A": { path: "a", type: "a" },
  "ftp://h/a;type=x": { path: "a;type=x" },
  "ftp://h/a;type=i/b": { path: "a;type=i/b" },
  "ftp://h:2121/a": { port: 2121, path: "a" },
  "ftp://h:/a": { path: "a" },
  "FTP://h/a": { path: "a" },
  "ftps://h/a": { scheme: "ftps", port: 990, path: "a" },
  "ftps://h:21/a": { scheme: "ftps", path: "a" },
  "ftp://me@h/a": { user: "me", path: "a" },
  "ftp://me:@h/a": { user: "me", password: "", path: "a" },
  "ftp://me:se:cret@h/a": { user: "me", password: "se:cret", path: "a" },
  "ftp://me%40b:%3A%2F@h/a": { user: "me@b", password: ":/", path: "a" },
  "ftp://me@b:c@h/a": { user: "me@b", password: "c", path: "a" },
  "ftp://[::1]/a": { host: "::1", path: "a" },
  "ftp://localhost/a": { host: "localhost", path: "a" },
  "ftp://[::1]:2121/a": { host: "::1", port: 2121, path: "a" },
  "ftp://me@[fe80::1%25eth0]:21/a": { host: "fe80::1%eth0", user: "me", path: "a" },
  "ftp://[fe80::1%eth0]/a": { host: "fe80::1%eth0", path: "a" },
  "ftp://[fe80::1%25]/a": { host: "fe80::1%25", path: "a" },
  "ftp://[fe80::1%2525]/a": { host: "fe80::1%25", path: "a" },
};

for (const [url, expected] of Object.entries(GOOD)) {
  Deno.test(`parseUrl takes ${url}`, () => {
    assert(isUrl(url));
    assertEquals(parseUrl(url), { scheme: "ftp", host: "h", port: 21, path: "", ...expected });
  });
}

Deno.test("parseUrl keeps octets that are no UTF-8", () => {
  const octets = Uint8Array.of(99, 97, 102, 0xe9);
  assertEquals(encodeText(parseUrl("ftp://h/caf%e9").path), octets);
  assertEquals(encodeText(parseUrl("ftp://h/caf\udce9").path), octets, "as scripts have them");
});

Deno.test("parseUrl leaves octets as they are for a server of another encoding", () => {
  const octetsOf = (url: string, label: string) =>
    encodingOf(label).encode(parseUrl(url, { keepsOctets: true }).path);
  for (const label of ["utf-8", "gbk", "latin1"]) {
    assertEquals(octetsOf("ftp://h/%C4%A3%2E", label), Uint8Array.of(0xc4, 0xa3, 0x2e), label);
  }
  assertEquals(octetsOf("ftp://h/%C3%A9é", "latin1"), Uint8Array.of(0xc3, 0xa9, 0xe9));
  const { user, password } = parseUrl("ftp://%E9:%FF@h/", { keepsOctets: true });
  assertEquals([user, password], ["\udce9", "\udcff"]);
});

/** What is said of a URL that cannot be used. */
const BAD: Readonly<Record<string, string>> = {
  "http://h/a": "only ftp:// and ftps:// are spoken here",
  "ftp:///a": "it has no host, or a port that is none",
  "ftp://h:0/a": "it has no host, or a port that is none",
  "ftp://h:65536/a": "it has no host, or a port that is none",
  "ftp://h:x/a": "it has no host, or a port that is none",
  "ftp://a b/a": "it has no host, or a port that is none",
  "ftp://[::1/a": "it has no host, or a port that is none",
  "ftp://@h/a": "it has a password and no user",
  "ftp://h/a#b": '"#" in a name is written %23',
  "ftp://h/a%0D%0ADELE%20b": "it has a % without two digits, or a line end",
  "ftp://me%0d%0a@h/": "it has a % without two digits, or a line end",
  "ftp://h/a%00": "it has a % without two digits, or a line end",
  "ftp://h/a%2": "it has a % without two digits, or a line end",
  "ftp://h/100%": "it has a % without two digits, or a line end",
};

for (const [url, reason] of Object.entries(BAD)) {
  Deno.test(`parseUrl refuses ${url}`, () => {
    const { message } = assertThrows(() => parseUrl(url), UrlError);
    assertEquals(message, `Cannot use "${url}": ${reason}`);
  });
}

Deno.test("parseUrl repeats no password", () => {
  const { message } = assertThrows(() => parseUrl("ftp://me:secret@h/a#b"), UrlError);
  assert(!message.includes("secret"), message);
  assertEquals(withoutPassword("ftp://me:se@cret@h/a"), "ftp://me:...@h/a");
  assertEquals(withoutPassword("ftp://me@h:21/a@b"), "ftp://me@h:21/a@b");
});

Deno.test("parseUrl repeats no password that is not written as it should be", () => {
  for (const password of ["se/cret", "/secret", "se/cr@et", "s#e/c:ret", "s\ne/t"]) {
    const url = `ftp://me:${password}@h/a#b`;
    assertEquals(withoutPassword(url), "ftp://me:...@h/a#b");
    assertEquals(withoutPassword(`me:${password}@h`), "me:...@h");
    const { message } = assertThrows(() => parseUrl(url), UrlError);
    assertEquals(message.split(": ")[0], 'Cannot use "ftp://me:...@h/a#b"');
  }
  for (const url of ["ftp://h:21/a:b@c", "ftp://h/a@b", "ftp://[::1]/a", "a:b"]) {
    assertEquals(withoutPassword(url), url);
  }
});

Deno.test("isUrl knows paths that only look like one", () => {
  assertEquals(["a", "/ftp://h", "a:b", "C:/x", "-", "ftp:/h"].filter(isUrl), []);
});

Deno.test("splitHost takes names, addresses and ports apart", () => {
  assertEquals(splitHost("h"), ["h", undefined]);
  assertEquals(splitHost("h:21"), ["h", 21]);
  assertEquals(splitHost("::1"), ["::1", undefined]);
  assertEquals(splitHost("[::1]:21"), ["::1", 21]);
  for (const wrong of ["", ":21", "h:21x", "h:-1", "[h", "a b", "h]:21"]) {
    assertEquals(splitHost(wrong), undefined, wrong);
  }
});

Deno.test("portOf knows the names and addresses of this machine", () => {
  const ports = (isImplicit: boolean) =>
    ["LOCALHOST", "127.0.0.2", "::1", "128.0.0.1", "localhost.example.org"]
      .map((host) => portOf(host, isImplicit));
  assertEquals(ports(false), [2121, 2121, 2121, 21, 21]);
  assertEquals(ports(true), [990, 990, 990, 990, 990]);
});
