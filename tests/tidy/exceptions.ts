/**
 * What may be other than the rules allow, and why. An entry that is not needed any more fails the
 * test, so this list only holds what is true.
 *
 * @module
 */

/** One file, or one function of it, that a rule lets pass. */
export interface Exception {
  readonly rule: "fileLength" | "functionLength" | "exportDoc";
  readonly path: string;
  /** The function's name; none for the file itself. */
  readonly subject?: string;
  readonly reason: string;
}

/** By path. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    rule: "exportDoc",
    path: "models/libc/constants.ts",
    reason: "the names are the C library's own, and its manual explains them",
  },
];
