// A step that prints 500 MB, through the runner's reading of processes, its log and its masking of 20 secrets, beside
// Node's own reading of the same process's output. And a text that a long secret overlaps everywhere, beside one that it
// does not occur in.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/clock.ts";
import { Masker } from "../src/runner/output/masker.ts";
import { MatcherRegistry } from "../src/runner/output/matcher-registry.ts";
import { StepLog } from "../src/runner/output/step-log.ts";
import { OutputPipes } from "../src/runner/process/output-pipes.ts";
import { runProcess } from "../src/runner/process/run-process.ts";
import { compare, type Result, timed } from "./measure.ts";

const BYTES = 500_000_000;
const MOST_RSS = 200_000_000;
const LINE = "2026-08-21T12:30:01.123Z info compiled src/output/step-log.ts in 12 ms: no problems found";
const SCRIPT = `yes '${LINE}' | head -c ${BYTES}`;
const ENV = { PATH: process.env.PATH ?? "" };

export async function bench(): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const pipes = new OutputPipes(join(directory, "pipes"));
  let peakRss = 0;
  const watchMemory = () => {
    peakRss = Math.max(peakRss, process.memoryUsage.rss());
  };
  try {
    const result = await compare({
      name: "500 MB of output, 20 secrets",
      goal: { ratio: 3 },
      runs: 7,
      ours: () => timed(() => throughRunner(pipes, watchMemory)),
      baseline: () => timed(throughNode),
    });
    const notes = `peak memory ${Math.round(peakRss / 1e6)} MB, goal ${MOST_RSS / 1e6}`;
    return [{ ...result, met: result.met && peakRss <= MOST_RSS, notes }, await overlaps()];
  } finally {
    await pipes.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function overlaps(): Promise<Result> {
  const masked = (letter: string) => () =>
    timed(() => {
      const masker = new Masker();
      masker.add("a".repeat(3_000));
      const stream = masker.stream();
      for (let i = 0; i < 16; i++) stream.push(Buffer.alloc(65_536, letter));
      stream.end();
    });
  return compare({
    name: "1 MiB of a, a secret of 3,000 a",
    goal: { ms: 1_000 },
    runs: 7,
    ours: masked("a"),
    baseline: masked("b"),
  });
}

async function throughNode(): Promise<void> {
  let bytes = 0;
  const child = spawn("/bin/bash", ["-c", SCRIPT], { env: ENV, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  child.stderr.resume();
  await new Promise((resolve) => child.once("close", resolve));
  if (bytes !== BYTES) throw new Error(`Node read ${bytes} bytes`);
}

async function throughRunner(pipes: OutputPipes, watchMemory: () => void): Promise<void> {
  let bytes = 0;
  let frames = 0;
  const masker = new Masker();
  for (let i = 0; i < 20; i++) masker.add(`Secret-${i}-${(i * 7_919).toString(36)}&"${"xyzw"[i % 4]}$/`);
  const log = new StepLog({
    step: 1,
    emit: (frame) => {
      if (frame.type === "log") bytes += frame.data.length;
      if (frames++ % 100 === 0) watchMemory();
    },
    masker,
    matchers: new MatcherRegistry(),
    effects: { setEnv() {}, addPath() {}, setOutput() {}, saveState() {}, commandFailed() {} },
    env: ENV,
    repository: { workspace: "/", repository: "o/r", serverUrl: "https://github.com" },
    debug: false,
    clock: systemClock,
  });
  await runProcess({
    file: "/bin/bash",
    args: ["-c", SCRIPT],
    cwd: "/",
    env: ENV,
    signal: new AbortController().signal,
    pipes,
    onOutput: (chunk) => log.write(chunk),
  });
  await log.close();
  if (bytes !== BYTES) throw new Error(`The log has ${bytes} bytes`);
}
