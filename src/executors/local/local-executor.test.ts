import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { plainRequest } from "../conformance/plain-request.ts";
import { LocalExecutor } from "./local-executor.ts";
import { isLocalLabel } from "./local-labels.ts";

const RUNNER = fileURLToPath(new URL("./runner-main.ts", import.meta.url));
const PATH = process.env.PATH ?? "/usr/bin:/bin";

const requestIn = (root: string) => plainRequest("build", "job", root);

function isAlive(pid: number): boolean {
  try {
    // A zombie has ended; only nobody has asked for its exit code yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

const program = { file: process.execPath, args: [RUNNER], env: { PATH } };
describe("what the local executor refuses", () => {
  const linux = { platform: "linux", arch: "x64" } as const;
  const executor = new LocalExecutor({ mode: "in-process", host: linux, labels: ["windows-latest", "GPU"] });
  const needs = { labels: ["ubuntu-latest"], container: false, services: false };

  it.each([
    ["ubuntu-latest", true],
    ["Ubuntu-22.04", true],
    ["self-hosted", true],
    ["linux", true],
    ["X64", true],
    ["local", true],
    ["windows-latest", true],
    ["gpu", true],
    ["macos-14", false],
    ["ARM64", false],
    ["big", false],
  ])("of the labels: '%s' is taken: %s", (label, taken) => {
    expect(executor.refuses({ ...needs, labels: [label] }) === undefined).toBe(taken);
  });

  it("names the label it does not know and what to do", () => {
    expect(executor.refuses({ ...needs, labels: ["linux", "big"] })).toMatch(/label 'big'.*-P big=local/);
  });

  it.each([
    ["container", { ...needs, container: true }, /`container:` needs the docker or kubernetes executor/],
    ["services", { ...needs, services: true }, /`services:` needs the docker or kubernetes executor/],
  ])("%s", (_, asked, message) => {
    expect(executor.refuses(asked)).toMatch(message);
  });

  it("knows the labels of other systems there", () => {
    expect(isLocalLabel("macos-latest", { platform: "darwin", arch: "arm64" })).toBe(true);
    expect(isLocalLabel("arm64", { platform: "darwin", arch: "arm64" })).toBe(true);
    expect(isLocalLabel("windows-2022", { platform: "win32", arch: "x64" })).toBe(true);
    expect(isLocalLabel("ubuntu-latest", { platform: "win32", arch: "x64" })).toBe(false);
    expect(isLocalLabel("x86", { platform: "linux", arch: "ia32" })).toBe(true);
    expect(isLocalLabel("linux", { platform: "freebsd", arch: "x64" })).toBe(false);
  });
});

/** Runners that misbehave, as small programs that read a request and say what they please. */
describe("a runner process that misbehaves", () => {
  let root = "";
  let frames: Frame[] = [];
  let notes: string[] = [];
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "slipway-executor-")));
    frames = [];
    notes = [];
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const FRAME = `const at = 1; let seq = 0;
    const say = (body) => process.stdout.write("\\x1e" + JSON.stringify({ seq: ++seq, at, ...body }) + "\\n");
    const started = { type: "job.started", workspace: "/w" };
    const finished = { type: "job.finished", result: "success", outputs: {}, durationMs: 1 };
    process.stdin.once("data", () => {`;

  const startFake = (code: string) => {
    const script = join(root, "runner.mjs");
    writeFileSync(script, `${FRAME}${code}\n});`);
    const executor = new LocalExecutor({ mode: "process", program: { ...program, args: [script] } });
    return executor.start(
      requestIn(root),
      (frame) => void frames.push(frame),
      (text) => void notes.push(text),
    );
  };
  const endOf = async (code: string) => await (await startFake(code)).ended;

  it.each([
    [
      "exits without a result",
      "say(started); console.error('out of luck'); process.exit(7);",
      /exit code 7\. Its last words: out of luck/,
    ],
    ["exits with 0 without a result", "say(started); process.exit(0);", /exit code 0\. It said nothing/],
    ["is killed by a signal", "say(started); process.kill(process.pid, 'SIGKILL');", /signal SIGKILL/],
    [
      "dies in the middle of its last frame",
      `process.stdout.write('\\x1e{"seq":1,"at":1,"type":"job.fin', () => process.exit(0));`,
      /ended without a result/,
    ],
  ])("and %s is lost, retryably", async (_, code, message) => {
    const end = await endOf(code);
    expect(end).toMatchObject({
      kind: "lost",
      error: { code: "Transient", retryable: true, message: expect.stringMatching(message) },
    });
    if (end.kind === "lost") expect(end.error.message).toContain("the job");
  });

  it("and prints garbage between its frames has it told as notes", async () => {
    const end = await endOf(
      "console.log('plain line'); say(started); console.log('{\"not\":\"a frame\"}'); process.stdout.write('\\x1e{bad\\n'); say(finished); process.exit(0);",
    );
    expect(end.kind).toBe("reported");
    expect(notes).toEqual(["plain line", '{"not":"a frame"}', "{bad"]);
    expect(frames.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it("and repeats or leaves out frames is heard once, and the gap is seen in their numbers", async () => {
    const end = await endOf(
      "say(started); seq = 0; say(started); seq = 5; say(finished); say(finished); process.exit(0);",
    );
    expect(end.kind).toBe("reported");
    expect(frames.map(({ type, seq }) => `${seq} ${type}`)).toEqual(["1 job.started", "6 job.finished"]);
  });

  it("and has reported its end counts, whatever its exit code", async () => {
    expect((await endOf("say(finished); process.stdout.write('', () => process.exit(1));")).kind).toBe(
      "reported",
    );
  });

  it("and dies leaves nothing that it had started", async () => {
    const pidFile = join(root, "pid");
    const end = await endOf(`say(started);
      import("node:child_process").then(({ spawn }) => {
        const env = { RUNNER_TRACKING_ID: process.env.SLIPWAY_TRACKING_ID };
        const child = spawn("/bin/sh", ["-c", "exec tail -f /dev/null"], { env: { ...env, PATH: ${JSON.stringify(PATH)} }, detached: true, stdio: "ignore" });
        child.once("spawn", () => import("node:fs").then((fs) => { fs.writeFileSync(${JSON.stringify(pidFile)}, String(child.pid)); process.kill(process.pid, "SIGKILL"); }));
      });`);
    expect(end.kind).toBe("lost");
    expect(isAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
  });

  it("and cannot be started is an error of the start", async () => {
    const executor = new LocalExecutor({ mode: "process", program: { ...program, file: "/no/such/node" } });
    const error = await executor.start(requestIn(root), () => {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExecError);
    expect(error).toMatchObject({ message: expect.stringMatching(/runner could not be started/) });
  });

  it("and is told another version of the protocol says so", async () => {
    const executor = new LocalExecutor({ mode: "process", program });
    const request = { ...requestIn(root), protocolVersion: 99 } as unknown as JobRequest;
    const job = await executor.start(request, (frame) => void frames.push(frame));
    expect(await job.ended).toMatchObject({
      kind: "reported",
      final: {
        result: "failure",
        error: expect.stringMatching(/protocol version 99, this runner version 1/),
      },
    });
  });
});

describe("a runner whose starter is gone", () => {
  it("ends everything it started", async () => {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "slipway-executor-")));
    try {
      const pidFile = join(root, "pid");
      const step = {
        kind: "run",
        run: `echo $$ > '${pidFile}'; trap '' INT TERM; while :; do sleep 0.02; done`,
        background: false,
        at: { line: 1, column: 1 },
      } as const;
      const { spawn } = await import("node:child_process");
      const child = spawn(process.execPath, [RUNNER], {
        env: { PATH },
        stdio: ["pipe", "ignore", "inherit"],
      });
      child.stdin.write(`${JSON.stringify({ ...requestIn(root), steps: [step] })}\n`);
      while (!existsSync(pidFile) || readFileSync(pidFile, "utf8") === "")
        await new Promise((resolve) => setImmediate(resolve));
      const pid = Number(readFileSync(pidFile, "utf8"));
      expect(isAlive(pid)).toBe(true);
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      await exited;
      expect(isAlive(pid)).toBe(false);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it("before it said anything ends with a complaint", async () => {
    const { spawnSync } = await import("node:child_process");
    const { status, stderr } = spawnSync(process.execPath, [RUNNER], {
      input: "{half",
      env: { PATH },
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([2, expect.stringMatching(/No job request came/)]);
  });
});
