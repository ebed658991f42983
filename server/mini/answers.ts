/**
 * What the store answers a session of mini, and what of it a client hears.
 *
 * @module
 */

import type { Completion, Failure } from "../effects.ts";

/** A file operation under way, and what goes on with its answer. */
export interface Ask {
  /** Of its effect. */
  readonly id: number;
  /** Where it succeeded. */
  readonly then: (completion: Completion) => void;
  /** Where it did not. */
  readonly failed: (failed: Extract<Completion, { kind: "failed" }>) => void;
}

/** The failures that a put can meet, in the words of its ERR; any other is "Cannot store". */
const REASONS: Partial<Readonly<Record<Failure, string>>> = {
  denied: "Permission denied",
  isDirectory: "Is a directory",
  notFound: "No folder for uploads",
  notDirectory: "No folder for uploads",
  badName: "Not a file name",
  busy: "In use, or another upload to it is under way",
  noSpace: "No space left, or a quota or a limit is reached",
};

/** What a client hears whose put failed so. */
export function putRefusal(failure: Failure): string {
  return `ERR|${REASONS[failure] ?? "Cannot store"}`;
}

/** The completion as the kind that its operation is answered by; another one is a bug. */
export function expected<Kind extends Completion["kind"]>(
  completion: Completion,
  kind: Kind,
): Extract<Completion, { kind: Kind }> {
  if (completion.kind === kind) return completion as Extract<Completion, { kind: Kind }>;
  throw new Error(`A file operation needs "${kind}" as its answer, not "${completion.kind}"`);
}
