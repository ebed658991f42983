/** Unit tests of server/accounts.ts. @module */

import { assert, assertEquals } from "@std/assert";
import { type Accounts, authenticate, isAnonymousName } from "../../server/accounts.ts";

const ACCOUNTS: Accounts = {
  users: [
    { name: "writer", password: "pass word", access: "write" },
    { name: "reader", password: "grün", access: "read" },
    { name: "open", password: "", access: "read" },
  ],
  anonymous: "read",
};

Deno.test("authenticate: a name with its own password", () => {
  assertEquals(authenticate(ACCOUNTS, "writer", "pass word"), "write");
  assertEquals(authenticate(ACCOUNTS, "reader", "grün"), "read");
  assertEquals(authenticate(ACCOUNTS, "open", ""), "read");
});

Deno.test("authenticate: nothing else", () => {
  for (const password of ["", "pass", "pass word ", "Pass word", "pass wore", "grün"]) {
    assertEquals(authenticate(ACCOUNTS, "writer", password), undefined, password);
  }
  assertEquals(authenticate(ACCOUNTS, "open", "x"), undefined);
  assertEquals(authenticate(ACCOUNTS, "nobody", ""), undefined);
  assertEquals(authenticate(ACCOUNTS, "Writer", "pass word"), undefined);
});

Deno.test("authenticate: anonymous with any password, when let in", () => {
  for (const name of ["anonymous", "ftp", "Anonymous", "FTP"]) {
    assert(isAnonymousName(name));
    assertEquals(authenticate(ACCOUNTS, name, "x"), "read");
    assertEquals(authenticate({ users: ACCOUNTS.users }, name, "x"), undefined);
  }
});

Deno.test("authenticate: a user named ftp needs the password", () => {
  const user = { name: "ftp", password: "own", access: "write" } as const;
  const accounts: Accounts = { users: [user], anonymous: "read" };
  assertEquals(authenticate(accounts, "ftp", "own"), "write");
  assertEquals(authenticate(accounts, "ftp", "x"), undefined);
});
