import { expect, test } from "vitest";
import { FakeClock } from "../../fake-clock.ts";
import type { BuildChange } from "../../store/build-change.ts";
import { Journal } from "./journal.ts";

const ROOM = 2_000;
const change = (seq: number): BuildChange => ({ kind: "fact", seq, fact: {} });
const changes = (count: number) => Array.from({ length: count }, (_, seq) => change(seq));

/** Records that take nothing until they are let. */
function open() {
  const gate = Promise.withResolvers<void>();
  const written: number[] = [];
  const journal = new Journal({
    clock: new FakeClock(),
    patience: { clock: new FakeClock(), signal: new AbortController().signal },
    mask: (text) => text,
    advance: async (batch) => {
      await gate.promise;
      written.push(batch.length);
      return 1;
    },
    onWritten: () => {},
    onLost: (error) => {
      throw error;
    },
  });
  return { journal, gate, written };
}

test("who makes changes is held up while too many wait, and goes on when there is room", async () => {
  const { journal, gate, written } = open();
  journal.write(changes(ROOM - 1));
  expect(journal.room()).toBeUndefined();
  journal.write(changes(1));
  const room = journal.room();
  expect(room).toBeInstanceOf(Promise);
  let free = false;
  void room?.then(() => {
    free = true;
  });
  await new Promise(setImmediate);
  expect([free, written]).toEqual([false, []]);
  gate.resolve();
  await room;
  expect(journal.room()).toBeUndefined();
});

test("long texts take the room of many changes", () => {
  const { journal } = open();
  const summary = "x".repeat(512 * ROOM);
  journal.write([{ kind: "step-changed", step: "s", at: 1, summary }]);
  expect(journal.room()).toBeInstanceOf(Promise);
});

test("who is held up goes on where nothing is written any more", async () => {
  const { journal, gate } = open();
  journal.write(changes(ROOM));
  const room = journal.room();
  const stopped = journal.stop();
  await room;
  expect(journal.room()).toBeUndefined();
  gate.resolve();
  await stopped;
});
