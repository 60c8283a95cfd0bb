import { expect, test } from "vitest";
import { FakeClock } from "../fake-clock.ts";
import type { Frame } from "../protocol/frame.ts";
import { FrameWriter } from "./frame-writer.ts";

const STARTED = { type: "job.started", workspace: "/w" } as const;

test("frames are numbered from 1 without gaps and carry the time", () => {
  const seen: Frame[] = [];
  const clock = new FakeClock();
  const frames = new FrameWriter(
    (frame) => void seen.push(frame),
    clock,
    () => {},
  );
  frames.emit(STARTED);
  clock.advance(5);
  frames.emit(STARTED);
  expect(seen.map(({ seq, at }) => [seq, at])).toEqual([
    [1, 0],
    [2, 5],
  ]);
});

test("while the sink is busy with one frame, whoever writes another waits for both", async () => {
  const open: (() => void)[] = [];
  const frames = new FrameWriter(
    () => new Promise<void>((resolve) => void open.push(resolve)),
    new FakeClock(),
    () => {},
  );
  let done = 0;
  const first = Promise.resolve(frames.emit(STARTED)).then(() => done++);
  const second = Promise.resolve(frames.emit(STARTED)).then(() => done++);
  open[1]?.();
  await Promise.resolve();
  expect(done).toBe(0);
  open[0]?.();
  await Promise.all([first, second, frames.settle()]);
  expect(done).toBe(2);
});

const brokenSinks: readonly (readonly [string, () => Promise<void>])[] = [
  [
    "throws",
    () => {
      throw new Error("gone");
    },
  ],
  ["rejects", () => Promise.reject(new Error("gone"))],
];

test.each(brokenSinks)(
  "a sink that %s is told of once, gets nothing more, and settle rejects",
  async (_, fail) => {
    let calls = 0;
    let broken = 0;
    const frames = new FrameWriter(
      () => {
        calls++;
        return fail();
      },
      new FakeClock(),
      () => broken++,
    );
    await frames.emit(STARTED);
    await frames.emit(STARTED);
    await expect(frames.settle()).rejects.toThrow("gone");
    expect([calls, broken]).toEqual([1, 1]);
  },
);
