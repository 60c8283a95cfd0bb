import { expect, test } from "vitest";
import type { Frame } from "../../protocol/frame.ts";
import { oneAtATime } from "./one-at-a-time.ts";

const frame = (seq: number): Frame => ({ seq, at: 0, type: "mask", value: "x" });

test("a sink that takes its time is given the next frame when it has taken the one before, in order", async () => {
  const said: string[] = [];
  const waits = new Map([1, 2, 3].map((seq) => [seq, Promise.withResolvers<void>()]));
  const sink = oneAtATime(async ({ seq }) => {
    said.push(`given ${seq}`);
    await waits.get(seq)?.promise;
    said.push(`taken ${seq}`);
  });
  const all = [1, 2, 3].map((seq) => sink(frame(seq)));
  expect(said).toEqual(["given 1"]);
  for (const wait of [...waits.values()].toReversed()) wait.resolve();
  await Promise.all(all);
  expect(said).toEqual(["given 1", "taken 1", "given 2", "taken 2", "given 3", "taken 3"]);
});

test("a sink that is quick is called at once, and again at once after one that was not", async () => {
  let slow = true;
  const seen: number[] = [];
  const sink = oneAtATime(({ seq }) => {
    seen.push(seq);
    return slow ? Promise.resolve() : undefined;
  });
  await sink(frame(1));
  slow = false;
  expect(sink(frame(2))).toBeUndefined();
  expect(seen).toEqual([1, 2]);
});

test("a sink that fails is not called again, and those who wait are told why", async () => {
  const seen: number[] = [];
  const sink = oneAtATime(async ({ seq }) => {
    seen.push(seq);
    throw new Error("the records are gone");
  });
  const [first, second] = [sink(frame(1)), sink(frame(2))];
  await expect(first).rejects.toThrow("the records are gone");
  await expect(second).rejects.toThrow("the records are gone");
  await expect(sink(frame(3))).rejects.toThrow("the records are gone");
  expect(seen).toEqual([1]);
});
