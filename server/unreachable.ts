/**
 * The end of every switch over a kind: a kind that no case handles does not compile.
 *
 * @module
 */

/**
 * Stands where no value is left.
 *
 * @throws {Error} always: a value that the types do not know has come, which is a bug.
 */
export function unreachable(value: never): never {
  throw new Error(`Cannot handle ${JSON.stringify(value)}: nothing knows of it`);
}
