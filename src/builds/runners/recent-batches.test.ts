import { expect, it } from "vitest";
import { frameBatch } from "../../executors/push/frame-batch.ts";
import { encoded, logFrames } from "../../executors/push/testing/test-frames.ts";
import { RecentBatches } from "./recent-batches.ts";

const JOB = { buildId: "b", jobKey: "j", attempt: 1 };

function batch(from: number, to: number) {
  const frames = logFrames(from, to);
  return frameBatch(frames, encoded(frames), false);
}

it("keeps batches of who is followed, gives the one with the next frame, and forgets those before it", () => {
  const recent = new RecentBatches(1_000_000);
  recent.put(JOB, batch(1, 2), 10);
  expect(recent.next(JOB, 0)).toBeUndefined();
  const end = recent.follow(JOB);
  recent.put(JOB, batch(3, 4), 20);
  recent.put(JOB, batch(5, 9), 30);
  // Something before it is only in the records.
  expect(recent.next(JOB, 0)).toBeUndefined();
  expect(recent.next(JOB, 2)).toMatchObject({ firstSeq: 3, lastSeq: 4, endByte: 20 });
  expect(recent.next({ ...JOB, attempt: 2 }, 2)).toBeUndefined();
  expect(recent.next(JOB, 6)).toMatchObject({ firstSeq: 5, frames: logFrames(5, 9) });
  expect(recent.next(JOB, 3)).toBeUndefined();
  expect(recent.next(JOB, 9)).toBeUndefined();
  end();
  recent.put(JOB, batch(10, 10), 40);
  expect(recent.next(JOB, 9)).toBeUndefined();
});

it("leaves out what does not fit, until there is room again, whoever made it", () => {
  const size = batch(1, 1).content.byteLength;
  const recent = new RecentBatches(size * 2);
  const end = recent.follow(JOB);
  for (const seq of [1, 2, 3]) recent.put(JOB, batch(seq, seq), seq);
  expect(recent.next(JOB, 2)).toBeUndefined();
  recent.put(JOB, batch(4, 4), 4);
  expect(recent.next(JOB, 3)).toMatchObject({ firstSeq: 4 });
  end();
  recent.follow(JOB);
  for (const seq of [5, 6]) recent.put(JOB, batch(seq, seq), seq);
  expect(recent.next(JOB, 5)).toMatchObject({ firstSeq: 6 });
});
