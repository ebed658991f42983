/**
 * Tests of the client against a server that does what a script says.
 *
 * @module
 */

import { type Client, connect, type ConnectOptions } from "../../client/mod.ts";
import { testWith } from "../permission.ts";
import { type Answer, type Script, ScriptedServer } from "./scripted_server.ts";

/** The text of `octets`. */
export const decode = (octets: Uint8Array): string => new TextDecoder().decode(octets);

/** An answer to RETR, or to a listing: these octets, then 226. */
export const retr = (content: string, preliminary?: string): Answer => async (_, session) => {
  await session.send(content, preliminary);
  await session.say("226 Done");
};

/** Runs `body` with a client that is connected to a server of this script. */
export function scripted(
  name: string,
  script: Script,
  body: (client: Client, server: ScriptedServer) => Promise<void>,
  options: ConnectOptions = {},
): void {
  testWith(["net"], name, async () => {
    await using server = new ScriptedServer(script);
    await using client = await connect({ ...server.address, ...options });
    await body(client, server);
  });
}
