/**
 * All dialogues of the folder dialogues/, read without a permission because they are imported.
 *
 * @module
 */

import abort from "./dialogues/abort.txt" with { type: "text" };
import access from "./dialogues/access.txt" with { type: "text" };
import directories from "./dialogues/directories.txt" with { type: "text" };
import files from "./dialogues/files.txt" with { type: "text" };
import information from "./dialogues/information.txt" with { type: "text" };
import listing from "./dialogues/listing.txt" with { type: "text" };
import parameters from "./dialogues/parameters.txt" with { type: "text" };
import retrieve from "./dialogues/retrieve.txt" with { type: "text" };
import store from "./dialogues/store.txt" with { type: "text" };
import telnet from "./dialogues/telnet.txt" with { type: "text" };
import { type Dialogue, parseDialogues } from "./dialogue.ts";

const TOPICS: Readonly<Record<string, string>> = {
  access,
  parameters,
  directories,
  files,
  information,
  listing,
  retrieve,
  store,
  abort,
  telnet,
};

/** Every dialogue, topic by topic. */
export const dialogues: readonly Dialogue[] = Object.entries(TOPICS)
  .flatMap(([topic, text]) => parseDialogues(topic, text));
