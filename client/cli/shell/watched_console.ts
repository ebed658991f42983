/**
 * A console that knows whether the terminal's cursor stands at the beginning of a line.
 *
 * @module
 */

import type { Console } from "../console.ts";

const LF = 0x0a;

/** What leaves the cursor in the first column: an end of a line, and what only erases behind it. */
// deno-lint-ignore no-control-regex -- it is the escape that begins a terminal's commands
const AT_START = /[\r\n](?:\x1b\[[\d;?]*[A-Za-z])*$/;

/** The same console, and whether what was written last ended a line. */
export function watched(console: Console): {
  readonly console: Console;
  readonly atLineStart: () => boolean;
} {
  let isAtStart = true;
  const looksAt: Partial<Console> = {
    write(octets) {
      if (console.outTerminal && octets.length > 0) isAtStart = octets.at(-1) === LF;
      return console.write(octets);
    },
    writeError(text) {
      if (console.errTerminal && text !== "") isAtStart = AT_START.test(text);
      console.writeError(text);
    },
  };
  return {
    // Whatever else a console can do is its own.
    console: new Proxy(console, {
      get(target, name) {
        const value = Reflect.get(looksAt, name) ?? Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }),
    atLineStart: () => isAtStart,
  };
}
