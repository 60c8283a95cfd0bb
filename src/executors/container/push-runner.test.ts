import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "../../clock.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { until } from "../../runner/containers/gate.fixture.ts";
import { type MailboxServer, startMailboxServer } from "../push/testing/mailbox-server.ts";
import { pushRunner } from "./push-runner.ts";
import { trialRequest } from "./trial-request.fixture.ts";

const NAME = { buildId: "build", jobKey: "job", attempt: 1 };
let root: string;
let server: MailboxServer;
let frames: Frame[];
let output: string;
let errors: string[];
let terminate: () => void;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "pushed-"));
  server = await startMailboxServer(systemClock);
  frames = [];
  output = "";
  errors = [];
});
afterEach(async () => {
  await server.close();
  expect(server.unexpected).toEqual([]);
  rmSync(root, { recursive: true, force: true });
});

/** Runs a job as a pod does. `terminationLog`: false where there is none. */
async function run(
  scripts: readonly string[],
  more: Partial<JobRequest> = {},
  terminationLog = true,
): Promise<number> {
  const push = await server.mailbox.open(NAME);
  return await runFile(JSON.stringify(trialRequest(root, scripts, { push, ...more })), terminationLog);
}

async function runFile(content: string, terminationLog = true): Promise<number> {
  const file = join(root, "request.json");
  writeFileSync(file, content);
  if (terminationLog) writeFileSync(join(root, "termination-log"), "");
  const stop = new AbortController();
  const opened = await server.mailbox.lastHeard(NAME).then(
    () => true,
    () => false,
  );
  const followed = opened
    ? server.mailbox.follow(NAME, 0, (frame) => void frames.push(frame), stop.signal).catch(() => {})
    : undefined;
  const stdout = new PassThrough();
  stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const code = await pushRunner(
    {
      env: { PATH: process.env.PATH ?? "", HOME: root },
      input: new PassThrough(),
      output: stdout,
      complain: (text) => errors.push(text),
      onTerminate: (callback) => {
        terminate = callback;
      },
    },
    file,
    {
      spool: join(root, "spool"),
      terminationLog: join(root, "termination-log"),
      cgroup: join(root, "cgroup"),
    },
  );
  stop.abort();
  await followed;
  return code;
}

function left(): unknown {
  return JSON.parse(readFileSync(join(root, "termination-log"), "utf8"));
}

const logOf = () =>
  frames.map((frame) => (frame.type === "log" ? Buffer.from(frame.data).toString() : "")).join("");

it("sends every frame, prints what people read, and leaves the end for whoever looks at the pod", async () => {
  const code = await run(["echo one; seq 1 2000", "echo the token is s3cret-value"], {
    contexts: { ...trialRequest(root, []).contexts, secrets: { TOKEN: "s3cret-value" } },
    outputs: { kind: "mapping", entries: [{ key: "a", value: "b" }] } as never,
  });
  expect(code).toBe(0);
  expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index + 1));
  expect(frames.at(-1)).toMatchObject({ type: "job.finished", result: "success", outputs: { a: "b" } });
  expect(logOf()).toContain("\n1999\n2000\n");
  expect(output).toMatch(/^==> Set up job\n/);
  expect(output).toContain("==> Run echo one; seq 1 2000\n");
  expect(output).toContain("\n1999\n2000\n");
  expect(output).toContain("the token is ***\n");
  expect(output).not.toContain("\x1e");
  expect(output).toMatch(/==> Job: success\n$/);
  expect(left()).toMatchObject({ type: "job.finished", result: "success", outputs: { a: "b" } });
});

it("ends with 1 where the job fails, and says which step did", async () => {
  expect(await run(["exit 3"])).toBe(1);
  expect(output).toContain("==> Run exit 3: failure (Process completed with exit code 3.)\n");
  expect(left()).toMatchObject({ result: "failure" });
});

it.each([
  [
    "told to by the server",
    () => void server.mailbox.send(NAME, { type: "cancel", reason: "enough" }),
    "enough",
  ],
  ["its container is to end", () => terminate(), "the container was told to end"],
  ["it is killed", () => void server.mailbox.send(NAME, { type: "kill" }), "killed"],
])("ends with 3 where %s", async (_, end, reason) => {
  const ended = run(["echo up; exec sleep 300"]);
  await until(() => output.includes("up\n"));
  end();
  expect(await ended).toBe(3);
  expect(frames.at(-1)).toMatchObject({ type: "job.finished", result: "cancelled", error: reason });
});

it("runs on when the mailbox is closed under it no longer than it must", async () => {
  const ended = run(["echo up; exec sleep 300"]);
  await until(() => output.includes("up\n"));
  await server.mailbox.close(NAME);
  expect(await ended).toBe(3);
  expect(errors.join("\n")).toContain("Not all of the job's frames reached the server");
});

it("keeps the outputs out of what it leaves where they are too long for it", async () => {
  const outputs = { kind: "mapping", entries: [{ key: "a", value: "x".repeat(5_000) }] } as never;
  expect(await run(["true"], { outputs })).toBe(0);
  expect(left()).toEqual({
    type: "job.finished",
    result: "success",
    outputs: {},
    durationMs: expect.any(Number),
    truncated: true,
  });
  expect(frames.at(-1)).toMatchObject({ outputs: { a: "x".repeat(5_000) } });
});

it("needs no termination log", async () => {
  expect(await run(["true"], {}, false)).toBe(0);
  expect(errors).toEqual([]);
});

it.each([
  ["is no JSON", "{", "is not JSON"],
  [
    "is of another version",
    JSON.stringify({ ...trialRequest("/x", []), protocolVersion: 7 }),
    "protocol version 7",
  ],
  ["does not say where to", JSON.stringify(trialRequest("/x", [])), "does not say where frames go"],
])("is a failed job with a reason where its request %s", async (_, content, words) => {
  expect(await runFile(content)).toBe(1);
  expect(left()).toMatchObject({ result: "failure", error: expect.stringContaining(words) });
  expect(errors.join("\n")).toContain(words);
});

it("says of a failed job that its container was out of memory, in its end and where the pod keeps it", async () => {
  mkdirSync(join(root, "cgroup"));
  writeFileSync(join(root, "cgroup", "memory.events"), "oom_kill 0\n");
  expect(await run([`echo "oom_kill 1" > '${root}/cgroup/memory.events'; exit 137`])).toBe(1);
  const error = expect.stringContaining("was killed because its container was out of memory");
  expect(frames.at(-1)).toMatchObject({ type: "job.finished", result: "failure", error });
  expect(left()).toMatchObject({ result: "failure", error });
});
