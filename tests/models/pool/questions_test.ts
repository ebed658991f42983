/**
 * Questions to the operator: one at a time, in order, and none for who has gone. Needs no
 * permission.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { SILENT, type Terminal } from "../../../models/mod.ts";
import { Questions } from "../../../models/pool/questions.ts";

/** An operator who answers when a test says so; a withdrawn question ends as terminals end it. */
class Operator implements Terminal {
  readonly print = SILENT.print;
  readonly event = SILENT.event;
  readonly asked: string[] = [];
  #answer: ((line: string | undefined) => void) | undefined;

  ask(prompt: string, signal: AbortSignal): Promise<string | undefined> {
    assert(this.#answer === undefined, "one question at a time");
    this.asked.push(prompt);
    return new Promise((resolve) => {
      this.#answer = (line) => {
        this.#answer = undefined;
        resolve(line);
      };
      signal.addEventListener("abort", () => this.#answer?.(undefined), { once: true });
    });
  }

  async types(line: string | undefined): Promise<void> {
    assert(this.#answer !== undefined, "nothing is asked");
    this.#answer(line);
    await settled();
  }
}

/** Everything that is due has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function stage() {
  const operator = new Operator();
  const delivered: string[] = [];
  const questions = new Questions<string>(operator, (worker, ask, line) => {
    delivered.push(`${worker} ${ask} ${line}`);
    return Promise.resolve();
  });
  return { operator, delivered, questions };
}

Deno.test("Questions are put one at a time, in order, and answered to who asked", async () => {
  const { operator, delivered, questions } = stage();
  questions.add("w1", 1, "one> ");
  questions.add("w2", 1, "two> ");
  questions.add("w1", 2, "three> ");
  assertEquals(operator.asked, ["one> "]);
  for (const line of ["a", undefined, ""]) await operator.types(line);
  assertEquals(operator.asked, ["one> ", "two> ", "three> "]);
  assertEquals(delivered, ["w1 1 a", "w2 1 undefined", "w1 2 "]);
});

Deno.test("Questions begin again after a pause", async () => {
  const { operator, delivered, questions } = stage();
  questions.add("w1", 1, "one> ");
  await operator.types("a");
  questions.add("w1", 2, "two> ");
  await operator.types("b");
  assertEquals(delivered, ["w1 1 a", "w1 2 b"]);
});

Deno.test("Questions that are withdrawn before they are put are never put", async () => {
  const { operator, delivered, questions } = stage();
  for (const ask of [1, 2, 3]) questions.add("w1", ask, `${ask}> `);
  questions.withdraw("w1", 2);
  questions.withdraw("w1", 2);
  await operator.types("a");
  await operator.types("b");
  assertEquals([operator.asked, delivered], [["1> ", "3> "], ["w1 1 a", "w1 3 b"]]);
});

Deno.test("Questions: one withdrawn while it is put makes room for the next, unanswered", async () => {
  const { operator, delivered, questions } = stage();
  questions.add("w1", 1, "one> ");
  questions.add("w2", 1, "two> ");
  questions.withdraw("w1", 1);
  await settled();
  assertEquals(operator.asked, ["one> ", "two> "]);
  await operator.types("b");
  assertEquals(delivered, ["w2 1 b"]);
});

Deno.test("Questions of a worker that ends are all withdrawn, and nobody else's", async () => {
  const { operator, delivered, questions } = stage();
  questions.add("w1", 1, "one> ");
  questions.add("w2", 1, "two> ");
  questions.add("w1", 2, "three> ");
  questions.withdraw("w1");
  await settled();
  assertEquals(operator.asked, ["one> ", "two> "]);
  await operator.types("b");
  assertEquals([operator.asked.length, delivered], [2, ["w2 1 b"]]);
});
