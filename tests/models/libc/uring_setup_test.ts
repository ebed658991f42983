/** Why there is no ring, where the kernel says no more than EPERM. @module */

import { assertMatch } from "@std/assert";
import { EPERM } from "../../../models/libc/constants.ts";
import { unavailableReason } from "../../../models/libc/mod.ts";
import { RingError } from "../../../models/libc/uring_setup.ts";
import { missing, testWith } from "../../permission.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

testWith(["ffi"], "RingError says who forbids rings, whatever the runtime may read", () => {
  const { readTextFileSync } = Deno;
  Object.assign(Deno, {
    readTextFileSync() {
      throw new Deno.errors.NotCapable("Requires all access");
    },
  });
  try {
    const { message } = new RingError("io_uring_setup(2)", EPERM);
    const [filter, system] = ["a seccomp filter", "the sysctl kernel\\.io_uring_disabled = [12]"];
    assertMatch(message, new RegExp(`^(?:${filter}|${system}) forbids io_uring$`));
  } finally {
    Object.assign(Deno, { readTextFileSync });
  }
}, absent);
