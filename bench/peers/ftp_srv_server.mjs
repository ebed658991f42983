/**
 * The server of the npm package ftp-srv, for mod.ts: ftp_srv_server.mjs PACKAGE HOST PORT ROOT.
 *
 * Its defaults are kept, except for the log and the range of passive ports, which would begin among
 * those that the kernel gives to clients. Users log in with USER and PASS, as everywhere else: its
 * own way for anonymous ones lets them in without a password. What stays is that it leaves Nagle's
 * algorithm on, so that a transfer's second reply waits for the client's delayed ACK, 44 ms.
 *
 * @module
 */

import { createRequire } from "node:module";
import process from "node:process";

const [folder, host, port, root] = process.argv.slice(2);
const { FtpSrv } = createRequire(import.meta.url)(folder);

const silence = () => {};
const log = {
  trace: silence,
  debug: silence,
  info: silence,
  warn: silence,
  error: silence,
  child: () => log,
};

const server = new FtpSrv({
  url: `ftp://${host}:${port}`,
  pasv_url: host,
  pasv_min: 61_000,
  pasv_max: 65_535,
  log,
});
server.on("login", (_login, resolve) => resolve({ root }));
await server.listen();
