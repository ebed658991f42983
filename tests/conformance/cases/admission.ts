/**
 * Who is let in, how many, and for how long without a login: what is refused hears 421 or 530 and
 * the reason, and everybody else is served as ever.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Conversation, Reply } from "../client.ts";
import { octets } from "../client.ts";
import { OTHER_HOST, Stranger } from "../stranger.ts";
import { type Cases, type Target, WRITER } from "../target.ts";

/** Verbs of HTTP (RFC 9110 section 9): a browser was led here, its body is somebody else's. */
const HTTP_VERBS = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "CONNECT", "PATCH", "TRACE"];

/** The unknown verb before the login that closes the connection. */
const UNKNOWN_VERBS_MAX = 10;

/** How long a connection may take to log in, where that is under test, milliseconds. */
const LOGIN_TIMEOUT_MS = 1_500;

/** Commands before the login, and the pause between two, until the time-out must have come. */
const COMMANDS_MAX = 120, PAUSE_MS = 40;

/** How long a client is silent that is slow, and does not keep others out: a third of a second. */
const SLOW_MS = 280;

/** Failed logins within a minute, where that is under test. */
const FAILURES_MAX = 4;

/** Tries until a place that was left is free: the server learns of it a moment later. */
const TRIES_MAX = 200, TRY_PAUSE_MS = 5;

const LOGIN = `USER ${WRITER.user}\r\nPASS ${WRITER.password}\r\n`;

function pause(ms = PAUSE_MS): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}

/** Fails unless `target` refuses the next connection by 421 and a reason, and closes it. */
async function refusedWith421(target: Target, reason: RegExp): Promise<void> {
  const ftp = await target.dial();
  assertMatch((await ftp.reply(421)).text, reason);
  await ftp.end();
}

/** Connects until there is room. */
async function connectsAgain(target: Target): Promise<Conversation> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const ftp = await target.dial();
    if ((await ftp.reply([220, 421])).code === 220) return ftp;
    ftp.close();
    await pause(TRY_PAUSE_MS);
  }
  throw new Error("No place became free");
}

/** The reply to a wrong password on a connection of its own, or the one that refuses it. */
async function fails(target: Target): Promise<Reply> {
  return await answers(target, "wrong");
}

async function answers(target: Target, password: string): Promise<Reply> {
  const ftp = await target.dial();
  const greeting = await ftp.reply([220, 421]);
  if (greeting.code === 421) return greeting;
  const user = await ftp.command(`USER ${WRITER.user}`, [331, 421, 530]);
  if (user.code !== 331) return user;
  const reply = await ftp.command(`PASS ${password}`, [230, 421, 530]);
  ftp.close();
  return reply;
}

/** Fails unless the right password is refused for now, with a word about why. */
async function isShutOut(target: Target): Promise<void> {
  const { code, text } = await answers(target, WRITER.password);
  assert(code === 421 || code === 530, `Let in with ${code} after too many failed logins`);
  assertMatch(text, /too many/i);
}

/** The cases by name. */
export const admission: Cases = {
  ...Object.fromEntries(HTTP_VERBS.map((verb) => [
    `${verb} of HTTP before the login is 421, and nothing behind it is carried out`,
    async (target) => {
      const ftp = await target.connect();
      const body = `${LOGIN}MKD ${target.folder}/made\r\n`;
      await ftp.send(octets(`${verb} / HTTP/1.1\r\nHost: a\r\n\r\n${body}`));
      await ftp.reply(421);
      await ftp.end();
      await target.holds();
    },
  ])) as Cases,

  "HTTP in one segment with the connection is 421": async (target) => {
    const ftp = await target.dial();
    await ftp.send(octets(`POST / HTTP/1.1\r\n\r\n${LOGIN}MKD ${target.folder}/made\r\n`));
    await ftp.reply(220);
    await ftp.reply(421);
    await ftp.end();
    await target.holds();
  },

  "the tenth unknown verb before the login is 421": async (target) => {
    const ftp = await target.connect();
    for (let count = 1; count < UNKNOWN_VERBS_MAX; count++) {
      await ftp.command(`BOGUS${count}`, [500, 502]);
    }
    await ftp.send(octets(`BOGUS\r\n${LOGIN}MKD ${target.folder}/made\r\n`));
    await ftp.reply(421);
    await ftp.end();
    await target.holds();
  },

  "unknown verbs after the login close nothing": async (target) => {
    const ftp = await target.login();
    for (let count = 0; count < 2 * UNKNOWN_VERBS_MAX; count++) {
      await ftp.command("BOGUS", [500, 502]);
    }
    for (const verb of ["GET /", "POST / HTTP/1.1"]) await ftp.command(verb, [500, 502]);
    await ftp.command("PWD", 257);
  },

  "a login time-out is 421, whatever is said before": async (target) => {
    const impatient = await target.shared({ loginTimeoutMs: LOGIN_TIMEOUT_MS });
    const ftp = await impatient.connect();
    let said = 0;
    for (let code = 0; code !== 421 && said < COMMANDS_MAX; said++) {
      ({ code } = await ftp.command(said % 2 === 0 ? "NOOP" : `USER ${WRITER.user}`, "any"));
      await pause();
    }
    assert(said < COMMANDS_MAX, "Commands put off the time-out of the login");
    await ftp.end();
  },

  "a login time-out meets who says nothing, or half a line": async (target) => {
    const impatient = await target.shared({ loginTimeoutMs: LOGIN_TIMEOUT_MS });
    const [silent, half] = [await impatient.connect(), await impatient.connect()];
    await half.send(octets("USER wri"));
    for (const ftp of [silent, half]) {
      await ftp.reply(421);
      await ftp.end();
    }
  },

  "a login time-out counts again after REIN, and not after a login": async (target) => {
    const impatient = await target.shared({ loginTimeoutMs: LOGIN_TIMEOUT_MS });
    const [left, stays] = [await impatient.login(), await impatient.login()];
    await left.command("REIN", 220);
    await left.reply(421);
    await left.end();
    await stays.command("PWD", 257);
  },

  "one session too many is 421, and a place that is left is taken": async (target) => {
    const small = await target.own({ sessionsMax: 3 });
    const all = [await small.login(), await small.login(), await small.login()];
    await refusedWith421(small, /too many/i);
    for (const ftp of all) await ftp.command("NOOP", 200);
    await all[0]!.command("QUIT", 221);
    await (await connectsAgain(small)).command("NOOP", 200);
  },

  "the places of clients that vanish are free again": async (target) => {
    // Half of the places are for those who have logged in.
    const small = await target.own({ sessionsMax: 6 });
    for (let round = 0; round < 4; round++) {
      const all = [];
      while (all.length < 3) all.push(await connectsAgain(small));
      for (const ftp of all) ftp.close();
    }
  },

  "the sessions of several workers count together": async (target) => {
    const small = await target.own({ sessionsMax: 6, workers: 4 });
    const all = [];
    while (all.length < 6) all.push(await small.login());
    await refusedWith421(small, /too many/i);
    for (const ftp of all) await ftp.command("NOOP", 200);
  },

  "too many sessions from one address are 421, another address is served": async (target) => {
    const small = await target.own({ sessionsPerHostMax: 2 });
    const all = [await small.login(), await small.login()];
    await refusedWith421(small, /too many.*address/i);
    const stranger = target.defer(await Stranger.connect(small.endpoint));
    stranger.send(`NOOP\r\n`);
    assertMatch(await stranger.heard(/^200 /m), /^220 [^]*\n200 /);
    for (const ftp of all) await ftp.command("NOOP", 200);
  },

  "failed logins over many connections shut out their address for a while": async (target) => {
    const strict = await target.own({ failedLoginsPerMinuteMax: FAILURES_MAX });
    for (let count = 0; count < FAILURES_MAX; count++) {
      assertEquals((await fails(strict)).code, 530);
    }
    await isShutOut(strict);
    const stranger = target.defer(await Stranger.connect(strict.endpoint, OTHER_HOST));
    stranger.send(LOGIN);
    assertMatch(await stranger.heard(/^(230|421|530) /m), /^230 /m);
  },

  "failed logins at the same time do not pass the limit": async (target) => {
    const strict = await target.own({ failedLoginsPerMinuteMax: FAILURES_MAX, workers: 4 });
    const count = 4 * FAILURES_MAX;
    const replies = await Promise.all(Array.from({ length: count }, () => fails(strict)));
    const judged = replies.filter(({ text }) => !/too many/i.test(text));
    assert(judged.length <= FAILURES_MAX, `${judged.length} passwords were tried`);
    await isShutOut(strict);
  },

  "right passwords count as no failure": async (target) => {
    const strict = await target.own({ failedLoginsPerMinuteMax: FAILURES_MAX });
    for (let count = 0; count < 3 * FAILURES_MAX; count++) {
      const ftp = await strict.login();
      await ftp.command("QUIT", 221);
    }
    await (await strict.login()).command("PWD", 257);
  },

  "who is logged in already is not shut out by others' failed logins": async (target) => {
    const strict = await target.own({ failedLoginsPerMinuteMax: FAILURES_MAX });
    const ftp = await strict.login();
    for (let count = 0; count <= FAILURES_MAX; count++) await fails(strict);
    await ftp.command("PWD", 257);
  },

  "a client whose first words take a third of a second is served, though others wait": async (
    target,
  ) => {
    const small = await target.own({ maxWorkers: 2 });
    // A thread more is there before anybody is slow: who is greeted has a second to speak.
    const other = await small.connect();
    await other.command("NOOP", 200);
    const slow = await small.connect();
    const waiting = await small.dial();
    const until = performance.now() + SLOW_MS;
    while (performance.now() < until) await pause();
    await slow.command("NOOP", 200);
    await slow.command("QUIT", 221);
    await waiting.reply(220);
  },

  "connections that say nothing keep no one from being served": async (target) => {
    const small = await target.own({ maxWorkers: 4 });
    const silent = [];
    while (silent.length < 10) silent.push(await small.dial());
    const ftp = await small.dial();
    await ftp.send(octets(LOGIN));
    await ftp.reply(220);
    await ftp.reply(331);
    await ftp.reply(230);
    for (let count = 0; count < 20; count++) await ftp.command("NOOP", 200);
  },
};
