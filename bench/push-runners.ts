// Runners that push, in a process of their own: `push-runners.ts print URL TOKEN BYTES` says so much of log and ends;
// `push-runners.ts wait URL` has one runner for each token of its first line of input wait for commands until its input ends.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { systemClock } from "../src/clock.ts";
import { createPushSink } from "../src/executors/push/push-sink.ts";
import { busyLog } from "./busy-log.ts";

const [mode = "", url = "", ...rest] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "slipway-push-"));
const pusher = (token: string, index: number) =>
  createPushSink({
    target: { url, token },
    spoolDirectory: join(folder, `${index}`),
    clock: systemClock,
    fetch,
    random: Math.random,
    onCommand: () => {},
    say: (text) => console.error(text),
  });

if (mode === "print") {
  const [token = "", bytes = "0"] = rest;
  const pushing = pusher(token, 0);
  let peak = 0;
  let seq = 0;
  for (const data of busyLog(Number(bytes))) {
    await pushing.sink({ seq: ++seq, at: Date.now(), type: "log", step: 1, data });
    if (seq % 100 === 0) {
      peak = Math.max(peak, process.memoryUsage.rss());
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await pushing.sink({
    seq: ++seq,
    at: Date.now(),
    type: "job.finished",
    result: "success",
    outputs: {},
    durationMs: 1,
  });
  const delivery = await pushing.finish();
  console.log(JSON.stringify({ ...delivery, peak }));
  rmSync(folder, { recursive: true, force: true });
} else {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const tokens = String((await lines.next()).value).split(" ");
  for (const [index, token] of tokens.entries()) pusher(token, index);
  await lines.next();
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}
