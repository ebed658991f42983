/**
 * Every limit that a session of FTP keeps, each with its reason beside it: plain data. What an
 * operator may set is in ../settings.ts.
 *
 * @module
 */

/** Failed logins before the connection is closed (RFC 1123 section 4.1.3.2 leaves it open). */
export const LOGIN_ATTEMPTS_MAX = 3;

/** A command line: the verb, a path of PATH_MAX (4096) octets each doubled as Telnet IAC, CRLF. */
export const LINE_BYTES_MAX = 8_400;

/**
 * Commands that wait behind the one under way, NOOPs in a row as one; more of them make the session
 * stop reading.
 */
export const QUEUED_COMMANDS_MAX = 64;

/**
 * Octets of those commands, so that 64 long lines do not hold half a MiB for one connection, while
 * a NOOP each half minute may wait for days. The rest of the input that carried them stays where it
 * is, at most one read of the model's.
 */
export const QUEUED_BYTES_MAX = 32_768;

/**
 * The largest file whose size in TYPE A is counted (RFC 3659 section 4 asks for the exact number
 * of octets, which takes reading it all): some tens of milliseconds of the worker.
 */
export const ASCII_SIZE_BYTES_MAX = 16_777_216;

/** What one `read` asks for while such a size is counted or a STAT listing is made. */
export const READ_BYTES = 65_536;

/** Lines that are no commands, before the login: as many close the connection. People mistype. */
export const STRANGE_COMMANDS_MAX = 10;
