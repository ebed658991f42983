/**
 * Python's ftplib, and what Python's sockets can do that this runtime's cannot: urgent data, true
 * resets, a chosen source address. ftplib_peer.py plays all its stories in one process.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type Cases, WRITER } from "../conformance/target.ts";
import { Desk } from "./program.ts";

const SCRIPT = new URL("./ftplib_peer.py", import.meta.url).pathname;

/** Functions of ftplib_peer.py. */
const STORIES = [
  "files",
  "text",
  "folders",
  "listings",
  "resume",
  "abort_urgent",
  "abort_synch",
  "abort_synch_idle",
  "status_urgent",
  "resets",
  "stranger",
  "reset_upload",
  "pieces",
];

/** The cases by name. */
export const ftplibCases: Cases = {
  [`stories: ${STORIES.join(", ")}`]: async (target) => {
    const desk = await Desk.open(target);
    const { host, port } = target.endpoint;
    const place = [host, `${port}`, WRITER.user, WRITER.password, target.folder, target.path()];
    const { stdout } = await desk.run("python3", ["-B", SCRIPT, ...place, ...STORIES]);
    assertEquals(stdout.trimEnd().split("\n"), STORIES);
  },
};
