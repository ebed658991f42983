/**
 * The error numbers of the file stores are the C library's, and each means something.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { ERRNO, failureOf } from "../../../models/files/errors.ts";
import * as constants from "../../../models/libc/constants.ts";

const OWN: readonly string[] = ["OUTSIDE", "NOT_REGULAR", "NOT_PERMITTED", "TOO_LARGE"];

Deno.test("ERRNO has the numbers of the C library, and its own beyond all of them", () => {
  const numbers: Readonly<Record<string, number>> = { ...constants };
  for (const [name, number] of Object.entries(ERRNO)) {
    if (OWN.includes(name)) assert(number > 4095, name);
    else assertEquals(numbers[name], number, name);
  }
});

Deno.test("failureOf: one completion for each number, and words for all", () => {
  assertEquals(failureOf(-ERRNO.ENOENT).failure, "notFound");
  assert(failureOf(-ERRNO.ENOENT) === failureOf(-ERRNO.ENOENT));
  assertEquals(failureOf(-999), { kind: "failed", failure: "io", detail: "error 999" });
  for (const [name, number] of Object.entries(ERRNO)) {
    assert(/^[a-z][^0-9]+$/.test(failureOf(-number).detail), name);
  }
});
