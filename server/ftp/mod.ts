/**
 * The FTP protocol, ready to be driven by any model.
 *
 * Read session.ts for how it works, commands/mod.ts for what each verb may do.
 *
 * @module
 */

import type { Protocol } from "../session.ts";
import { FtpSession } from "./session.ts";
import { encodeReply } from "./words/replies.ts";

/** FTP: RFC 959, 1123, 2389, 2428, 2640 and 3659. */
export const ftp: Protocol = {
  telnet: true,
  createSession: (settings, peer, now, can) => new FtpSession(settings.ftp, peer, now, can),
  refusal: (reason) => encodeReply(421, reason),
};
