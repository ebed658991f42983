/**
 * The conversation: replies as RFC 959 section 4.2 has them, under every chunking, matched with
 * their commands, and within limits.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  COMMANDS_IN_FLIGHT_MAX,
  Conversation,
  type ConversationEvent,
  PRELIMINARY_REPLIES_MAX,
  REPLY_BYTES_MAX,
  REPLY_LINE_BYTES_MAX,
  REPLY_LINES_MAX,
  STRAY_LINES_MAX,
  UNSOLICITED_REPLIES_MAX,
} from "../../client/conversation.ts";
import { decodeText, encodeText, LocalError } from "../../client/mod.ts";

type Chunking = readonly [name: string, cut: (octets: Uint8Array) => Uint8Array[]];

const CHUNKINGS: readonly Chunking[] = [
  ["whole", (octets) => [octets]],
  ["byte by byte", (octets) => Array.from(octets, (octet) => Uint8Array.of(octet))],
  ["in threes", (octets) => {
    const chunks = [];
    for (let at = 0; at < octets.length; at += 3) chunks.push(octets.subarray(at, at + 3));
    return chunks;
  }],
];

function drain(conversation: Conversation): ConversationEvent[] {
  const events: ConversationEvent[] = [];
  for (let event; (event = conversation.pollEvent()) !== undefined;) events.push(event);
  return events;
}

/** A short notation: `1 220 Hello`, `1- 150 Opening` for a preliminary one, `? 421 Bye`. */
function notation(event: ConversationEvent): string {
  switch (event.kind) {
    case "reply":
      return `${event.id}${event.final ? "" : "-"} ${event.reply.code} ${
        event.reply.lines.join("|")
      }`;
    case "unsolicited":
      return `? ${event.reply.code} ${event.reply.lines.join("|")}`;
    case "stray":
      return `stray ${event.line}`;
    case "failed":
      return "failed";
    case "ended":
      return "ended";
  }
}

/** Commands asked before anything comes, what comes, what is told. */
interface Dialogue {
  readonly name: string;
  readonly commands?: readonly string[];
  readonly input: string;
  readonly told: readonly string[];
}

const DIALOGUES: readonly Dialogue[] = [
  { name: "a greeting", input: "220 Hello\r\n", told: ["0 220 Hello"] },
  {
    name: "a delayed greeting",
    input: "120 Ready in 5 minutes\r\n220 Now\r\n",
    told: ["0- 120 Ready in 5 minutes", "0 220 Now"],
  },
  {
    name: "a greeting of several lines",
    input: "220-One\r\n220-Two\r\n220 Three\r\n",
    told: ["0 220 One|220-Two|Three"],
  },
  {
    name: "lines inside a reply that look like others",
    input: "220-One\r\n 220 not yet\r\n221 nor this\r\n2200\r\n\r\n22\r\n220 End\r\n",
    told: ["0 220 One| 220 not yet|221 nor this|2200||22|End"],
  },
  { name: "a reply without text", input: "220\r\n", told: ["0 220 "] },
  { name: "a reply with an empty text", input: "220 \r\n", told: ["0 220 "] },
  { name: "line ends of LF alone", input: "220-a\n220 b\n", told: ["0 220 a|b"] },
  { name: "text that is UTF-8", input: "220 Grüße 🎬\r\n", told: ["0 220 Grüße 🎬"] },
  {
    name: "one command",
    commands: ["NOOP"],
    input: "220 Hello\r\n200 Done\r\n",
    told: ["0 220 Hello", "1 200 Done"],
  },
  {
    name: "pipelined commands in order",
    commands: ["USER a", "PASS b", "PWD"],
    input: '220 Hello\r\n331 Password\r\n230 In\r\n257 "/"\r\n',
    told: ["0 220 Hello", "1 331 Password", "2 230 In", '3 257 "/"'],
  },
  {
    name: "a transfer",
    commands: ["RETR a"],
    input: "220 Hello\r\n150 Opening\r\n226 Done\r\n",
    told: ["0 220 Hello", "1- 150 Opening", "1 226 Done"],
  },
  {
    name: "ABOR behind a transfer",
    commands: ["STOR a", "ABOR"],
    input: "220 Hello\r\n150 Opening\r\n426 Aborted\r\n226 Done\r\n",
    told: ["0 220 Hello", "1- 150 Opening", "1 426 Aborted", "2 226 Done"],
  },
  {
    name: "a refusal and what follows it",
    commands: ["RETR a", "NOOP"],
    input: "220 Hello\r\n550 No\r\n200 Yes\r\n",
    told: ["0 220 Hello", "1 550 No", "2 200 Yes"],
  },
  {
    name: "an unsolicited 421",
    input: "220 Hello\r\n421 Timeout\r\n",
    told: ["0 220 Hello", "? 421 Timeout"],
  },
  {
    name: "lines without a code behind the greeting, which answer nothing",
    commands: ["NOOP"],
    input: "220 Camera ready\r\nFirmware 1.2\r\n2023-01-01\r\n2e2 x\r\n\r\n200 Done\r\n",
    told: [
      "0 220 Camera ready",
      "stray Firmware 1.2",
      "stray 2023-01-01",
      "stray 2e2 x",
      "stray ",
      "1 200 Done",
    ],
  },
  {
    name: "replies that end twice",
    commands: ["RETR a"],
    input: "220-Hello\r\n220 there\r\n\r\n150 Opening\r\n\r\n226 Done\r\n\r\n",
    told: ["0 220 Hello|there", "stray ", "1- 150 Opening", "stray ", "1 226 Done", "stray "],
  },
  { name: "another protocol", input: "SSH-2.0-OpenSSH_9\r\n220 x\r\n", told: ["failed"] },
  { name: "an empty first line", input: "\r\n", told: ["failed"] },
  { name: "a code without a mark", input: "220_Hello\r\n", told: ["failed"] },
  { name: "a code below 100", input: "099 x\r\n", told: ["failed"] },
  { name: "a code above 599", input: "600 x\r\n", told: ["failed"] },
];

for (const { name, commands = [], input, told } of DIALOGUES) {
  for (const [chunking, cut] of CHUNKINGS) {
    Deno.test(`Conversation understands ${name} [${chunking}]`, () => {
      const conversation = new Conversation();
      for (const command of commands) conversation.ask(command);
      const events: ConversationEvent[] = [];
      for (const chunk of cut(encodeText(input))) {
        conversation.handleInput(chunk);
        events.push(...drain(conversation));
      }
      assertEquals(events.map(notation), [...told]);
    });
  }
}

Deno.test("Conversation keeps what follows a reply in the same octets for later", () => {
  const conversation = new Conversation();
  conversation.ask("NOOP");
  conversation.handleInput(encodeText("220 Hello\r\n20"));
  assertEquals(drain(conversation).map(notation), ["0 220 Hello"]);
  conversation.handleInput(encodeText("0 Done\r\n"));
  assertEquals(drain(conversation).map(notation), ["1 200 Done"]);
  assertEquals(conversation.inFlight, 0);
});

Deno.test("Conversation tells the end once, and nothing after it", () => {
  const conversation = new Conversation();
  conversation.handleInput(encodeText("220 Hel"));
  conversation.handleEnd();
  conversation.handleEnd();
  conversation.handleInput(encodeText("lo\r\n"));
  assertEquals(drain(conversation).map(notation), ["ended"]);
});

Deno.test("Conversation writes each command as one line", () => {
  const conversation = new Conversation();
  conversation.ask("USER anonymous");
  conversation.ask("RETR Grüße");
  assertEquals(decodeText(conversation.pollOutput()!), "USER anonymous\r\n");
  assertEquals(decodeText(conversation.pollOutput()!), "RETR Grüße\r\n");
  assertEquals(conversation.pollOutput(), undefined);
});

Deno.test("Conversation sends an octet outside UTF-8 as it was, and doubles Telnet's IAC", () => {
  const conversation = new Conversation();
  conversation.ask(`RETR ${decodeText(Uint8Array.of(0xe9, 0xff))}`);
  assertEquals([...conversation.pollOutput()!.subarray(5)], [0xe9, 0xff, 0xff, 0x0d, 0x0a]);
});

for (const name of ["a\r\nDELE b", "a\nb", "a\rb", "a\0b"]) {
  Deno.test(`Conversation.ask refuses ${JSON.stringify(name)} before anything is sent`, () => {
    const conversation = new Conversation();
    const error = assertThrows(() => conversation.ask(`RETR ${name}`), LocalError);
    assertStringIncludes(error.message, "must not hold CR, LF or NUL");
    assert(!/[\r\n\0]/.test(error.message), "the message is one line");
    assertEquals(conversation.pollOutput(), undefined);
    assertEquals(conversation.inFlight, 1);
  });
}

Deno.test("Conversation.ask keeps to the limit of commands on their way", () => {
  const conversation = new Conversation();
  for (let count = 1; count < COMMANDS_IN_FLIGHT_MAX; count++) conversation.ask("NOOP");
  assertThrows(() => conversation.ask("NOOP"), LocalError, "at once");
  conversation.handleInput(encodeText("220 Hello\r\n"));
  conversation.ask("NOOP");
});

/** What a server may not do, and the limit that ends it. */
const EXCESSES: readonly (readonly [string, string, string])[] = [
  [
    "endless lines without a code",
    "220 Hello\r\n" + "\r\n".repeat(STRAY_LINES_MAX + 1),
    `${STRAY_LINES_MAX} lines in a row`,
  ],
  ["a line too long", `220 ${"x".repeat(REPLY_LINE_BYTES_MAX)}\r\n`, "octets long"],
  [
    "too many lines",
    "220-a\r\n" + "x\r\n".repeat(REPLY_LINES_MAX + 1),
    `${REPLY_LINES_MAX} lines`,
  ],
  [
    "a reply too long",
    "220-a\r\n" + `${"x".repeat(1000)}\r\n`.repeat(REPLY_BYTES_MAX / 1000 + 1),
    `${REPLY_BYTES_MAX} octets`,
  ],
  [
    "endless preliminary replies",
    "120 Wait\r\n".repeat(PRELIMINARY_REPLIES_MAX + 1),
    "preliminary",
  ],
  [
    "endless replies to nothing",
    "220 Hello\r\n" + "226 Done\r\n".repeat(UNSOLICITED_REPLIES_MAX + 1),
    "answer no command",
  ],
];

for (const [name, input, reason] of EXCESSES) {
  Deno.test(`Conversation ends over ${name}`, () => {
    const conversation = new Conversation();
    conversation.handleInput(encodeText(input));
    const last = drain(conversation).at(-1)!;
    assert(last.kind === "failed", `it told ${notation(last)}`);
    assertStringIncludes(last.reason, reason);
    conversation.handleInput(encodeText("220 Hello\r\n"));
    assertEquals(drain(conversation), []);
  });
}

Deno.test("Conversation takes a line and a reply that are just within the limits", () => {
  const conversation = new Conversation();
  const line = "x".repeat(REPLY_LINE_BYTES_MAX - 4);
  conversation.handleInput(
    encodeText(`220-a\r\n${"y\r\n".repeat(REPLY_LINES_MAX - 2)}220 ${line}\r\n`),
  );
  const [event] = drain(conversation);
  assert(event?.kind === "reply");
  assertEquals(event.reply.lines.length, REPLY_LINES_MAX);
});

Deno.test("Conversation counts the lines without a code behind each reply anew", () => {
  const conversation = new Conversation();
  for (let count = 0; count < 3; count++) {
    conversation.ask("NOOP");
    conversation.handleInput(encodeText(`200 Done\r\n${"x\r\n".repeat(STRAY_LINES_MAX)}`));
    assertEquals(conversation.idle, false);
  }
  assertEquals(drain(conversation).filter(({ kind }) => kind === "failed"), []);
});

Deno.test("Conversation counts the octets of each reply anew", () => {
  const conversation = new Conversation();
  conversation.handleInput(encodeText("220 Hello\r\n"));
  const reply = encodeText(`200-a\r\n${`${"x".repeat(9_990)}\r\n`.repeat(200)}200 b\r\n`);
  for (let count = 0; count < 3; count++) {
    conversation.ask("STAT");
    conversation.handleInput(reply);
  }
  assertEquals(drain(conversation).length, 4);
});
