import { Writable } from "node:stream";
import { expect, it } from "vitest";
import { OutputWriter } from "./output-writer.ts";

/** Takes a piece when it is told to. */
function slowOutput() {
  const taken: string[] = [];
  let done: ((error?: Error) => void) | undefined;
  const output = new Writable({
    highWaterMark: 4,
    write(chunk: Buffer, _encoding, callback) {
      taken.push(chunk.toString());
      done = callback;
    },
  });
  return { output, taken, finish: (error?: Error) => done?.(error) };
}

it("lets its writers wait together while the output is full", async () => {
  const { output, finish } = slowOutput();
  const writer = new OutputWriter(output);
  const waits = [writer.write("12345"), writer.settled()];
  let over = false;
  void Promise.all(waits).then(() => {
    over = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(over).toBe(false);
  finish();
  await Promise.all(waits);
  expect(writer.settled()).toBeUndefined();
});

it("lets nobody wait for an output that is lost, and writes nothing more", async () => {
  const { output, taken, finish } = slowOutput();
  const writer = new OutputWriter(output);
  const waiting = writer.write("12345");
  finish(new Error("EPIPE"));
  await waiting;
  await writer.lost;
  expect(writer.write("more")).toBeUndefined();
  expect(taken).toEqual(["12345"]);
});
