/**
 * The log of serve: one line of text per event, for people or for programs. terminal.ts writes the
 * lines. What clients sent is escaped, so that a line is a line and steers no terminal; workers
 * have cut it (pool/link.ts). Passwords are in no event, and so in no line.
 *
 * @module
 */

import { type ServerEvent, UNPRINTABLE, unreachable } from "../../server/mod.ts";

/** How events are shown: not at all (but for warnings), for people, or one JSON object a line. */
export const LOG_FORMATS = ["off", "text", "json"] as const;

/** See LOG_FORMATS. */
export type LogFormat = typeof LOG_FORMATS[number];

/**
 * The line of one event, without a line break; undefined where `format` leaves it out. Warnings are
 * shown in every format: they are about the server itself.
 *
 * @param time when it happened.
 */
export function renderEvent(event: ServerEvent, format: LogFormat, time: Date): string | undefined {
  if (format === "json") {
    const { kind, ...fields } = event;
    return quoted({ time: time.toISOString(), kind, ...fields });
  }
  if (event.kind === "warning") return `ftplab: ${escaped(event.text)}`;
  return format === "off" ? undefined : `${time.toISOString()} ${renderText(event)}`;
}

function renderText(event: Exclude<ServerEvent, { readonly kind: "warning" }>): string {
  const session = event.session === undefined ? "" : `#${event.session} `;
  return `${session}${event.host} ${whatHappened(event)}`;
}

function whatHappened(event: Exclude<ServerEvent, { readonly kind: "warning" }>): string {
  switch (event.kind) {
    case "login":
      return `login ${quoted(event.user)}, may ${event.access}`;
    case "loginFailed":
      return `login ${quoted(event.user)} failed: ${escaped(event.reason)}`;
    case "refused":
      return `refused: ${escaped(event.reason)}`;
    case "transfer": {
      const { user, direction, path, octets, seconds, outcome, reason } = event;
      const amount = `${octets} octets in ${seconds.toFixed(3)} s`;
      const why = reason === undefined ? "" : `: ${escaped(reason)}`;
      return `${direction} ${quoted(path)} for ${quoted(user)}, ${amount}, ${outcome}${why}`;
    }
    case "failure": {
      const path = event.path === undefined ? "" : ` ${quoted(event.path)}`;
      return `${event.operation}${path} failed: ${event.failure} (${escaped(event.reason)})`;
    }
    default:
      return unreachable(event);
  }
}

/** JSON, in which what a terminal would obey is escaped, too. */
function quoted(value: unknown): string {
  return escaped(JSON.stringify(value));
}

/** `text` with `\uXXXX` for every character that a terminal would obey, not show. */
function escaped(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
