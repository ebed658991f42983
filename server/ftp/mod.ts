/**
 * The FTP protocol, ready to be driven by any model.
 *
 * Read session.ts for how it works, commands/mod.ts for what each verb may do.
 *
 * @module
 */

import type { Protocol } from "../session.ts";
import { encodeReply } from "./words/replies.ts";
import { FtpSession } from "./session.ts";

/** FTP: RFC 959, 1123, 2389, 2428, 2640 and 3659. */
export const ftp: Protocol = {
  name: "ftp",
  summary: "File Transfer Protocol, RFC 959 and its extensions",
  defaultPort: 2121,
  createSession: (settings, peer, now) => new FtpSession(settings, peer, now),
  refusal: (reason) => encodeReply(421, reason),
};
