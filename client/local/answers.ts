/**
 * Answers of a server that may as well be no.
 *
 * @module
 */

import { ProtocolError } from "../errors.ts";

/** What was asked for; undefined when the server refuses it. */
export async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
