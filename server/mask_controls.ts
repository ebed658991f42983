/**
 * What a client wrote, as it may be shown on the server's terminal: hello and chat print it.
 * Nothing here may let through what moves a cursor, recolours the screen or turns the direction
 * of writing, so that one client cannot disguise itself as another.
 *
 * @module
 */

/** Control characters, line separators, halves of surrogate pairs, marks of writing direction. */
export const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]/gu;

/** `text` in one line, with U+FFFD for every character that a terminal would obey, not show. */
export function maskControls(text: string): string {
  return text.replace(UNPRINTABLE, "\ufffd");
}
