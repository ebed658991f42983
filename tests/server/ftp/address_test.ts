/** Unit tests of server/ftp/words/address.ts. @module */

import { assertEquals } from "@std/assert";
import {
  type Address,
  canonicalIpv6,
  formatHostPort,
  parseExtended,
  parseExtendedPassive,
  parseHostPort,
  parsePassive,
} from "../../../server/ftp/words/address.ts";

const IPV4: Address = { family: 4, host: "192.0.2.7", port: 51_213 };
const IPV6: Address = { family: 6, host: "2001:db8::7", port: 51_213 };

Deno.test("parseHostPort: reads what formatHostPort writes", () => {
  assertEquals(formatHostPort(IPV4), "192,0,2,7,200,13");
  assertEquals(parseHostPort("192,0,2,7,200,13"), IPV4);
});

Deno.test("parseHostPort: refuses anything else", () => {
  const bad = ["", "1,2,3,4,5", "1,2,3,4,5,6,7", "256,2,3,4,5,6", "1,2,3,4,5,256"];
  for (const text of [...bad, "1,2,3,4,5,", "1,2,3,4,-5,6", " 1,2,3,4,5,6", "1,2,3,4,5,0x6"]) {
    assertEquals(parseHostPort(text), undefined, text);
  }
});

Deno.test("parseExtended: both network protocols", () => {
  assertEquals(parseExtended("|1|192.0.2.7|51213|"), IPV4);
  assertEquals(parseExtended("|2|2001:db8::7|51213|"), IPV6);
});

Deno.test("parseExtended: takes any delimiter and any way to write an address", () => {
  assertEquals(parseExtended("!1!192.0.2.7!51213!"), IPV4);
  assertEquals(parseExtended("|2|2001:0DB8:0:0:0:0:0:7|51213|"), IPV6);
  assertEquals(parseExtended("|1|192.0.02.7|51213|"), IPV4);
});

Deno.test("parseExtended: tells of other network protocols", () => {
  assertEquals(parseExtended("|3|x|1|"), "family");
  assertEquals(parseExtended("|0|x|1|"), "family");
});

Deno.test("parseExtended: refuses anything else", () => {
  const bad = ["", "|", "||||", "|1|192.0.2.7|51213", "|1|192.0.2.7|65536|", "|1|192.0.2|1|"];
  for (
    const text of [
      ...bad,
      "|x|192.0.2.7|1|",
      "|2|192.0.2.7|1|",
      "|1|::1|1|",
      "|1|a.b.c.d|1|",
      "|2|::1|x|",
    ]
  ) {
    assertEquals(parseExtended(text), undefined, text);
  }
});

Deno.test("parsePassive: finds the address with and without parentheses", () => {
  assertEquals(parsePassive("Entering Passive Mode (192,0,2,7,200,13)."), IPV4);
  assertEquals(parsePassive("Entering Passive Mode 192,0,2,7,200,13"), IPV4);
  assertEquals(parsePassive("=192,0,2,7,200,13"), IPV4);
  assertEquals(parsePassive("Entering Passive Mode (192, 0, 2, 7, 200, 13)"), IPV4);
  assertEquals(parsePassive("Entering Passive Mode ( 192 ,0 ,2 ,7 ,200 ,13 )"), IPV4);
  assertEquals(parsePassive("Entering Passive Mode 192,0,2,7,200,13, ready"), IPV4);
  assertEquals(parsePassive("Entering Passive Mode v4, 192,0,2,7,200,13"), IPV4);
  assertEquals(parsePassive("(192,0,2,7,200)"), undefined);
  assertEquals(parsePassive("(192,0,2,7,200,256)"), undefined);
  assertEquals(parsePassive("(192 0 2 7 200 13)"), undefined);
  assertEquals(parsePassive("no address"), undefined);
});

Deno.test("parseExtendedPassive: finds the port", () => {
  assertEquals(parseExtendedPassive("Entering Extended Passive Mode (|||51213|)"), 51_213);
  assertEquals(parseExtendedPassive("(!!!1!)"), 1);
  assertEquals(parseExtendedPassive("(|||65536|)"), undefined);
  assertEquals(parseExtendedPassive("(||51213|)"), undefined);
  assertEquals(parseExtendedPassive("51213"), undefined);
});

Deno.test("canonicalIpv6: one text for each address (RFC 5952)", () => {
  const cases: [string, string][] = [
    ["::", "::"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8::0001", "2001:db8::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["::ffff:192.0.2.7", "::ffff:c000:207"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ];
  for (const [text, canonical] of cases) {
    assertEquals(canonicalIpv6(text), canonical, text);
    assertEquals(canonicalIpv6(canonical), canonical);
  }
});

Deno.test("canonicalIpv6: refuses what is no address", () => {
  for (
    const text of [
      "",
      ":",
      "1",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1::2::3",
      "::12345",
      "::g",
      "fe80::1%eth0",
      "1:2:3:4:5:6:7:8::",
      "::1.2.3",
      "1.2.3.4::",
      "::256.1.1.1",
      ":::",
    ]
  ) {
    assertEquals(canonicalIpv6(text), undefined, text);
  }
});
