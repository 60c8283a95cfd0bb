import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Frame } from "../../protocol/frame.ts";
import { FrameDecoder } from "../../protocol/frame-decoder.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { encodeRunnerCommand, type RunnerCommand } from "../../protocol/runner-command.ts";
import type { RunnerMessage } from "../../protocol/runner-message.ts";
import { spawnGate, until } from "../../runner/containers/gate.fixture.ts";
import { streamRunner } from "./stream-runner.ts";
import { trialRequest } from "./trial-request.fixture.ts";

const RUNNER = fileURLToPath(new URL("./container-runner-main.ts", import.meta.url));
const PATH = process.env.PATH ?? "";
let root: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "container-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }
  rmSync(root, { recursive: true, force: true });
});

/** The real program, as the first process of a container would be. */
class Runner {
  readonly child: ChildProcess;
  readonly frames: Frame[] = [];
  readonly messages: RunnerMessage[] = [];
  plain = "";
  errors = "";
  readonly exit: Promise<number | null>;

  constructor(env: { readonly [name: string]: string } = {}, args: readonly string[] = []) {
    this.child = spawn(process.execPath, [RUNNER, ...args], {
      env: { PATH, HOME: root, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    children.push(this.child);
    const decoder = new FrameDecoder();
    this.child.stdin?.on("error", () => {});
    this.child.stdout?.on("data", (chunk: Buffer) => {
      for (const item of decoder.push(chunk)) {
        if (item.kind === "frame") this.frames.push(item.frame);
        else if (item.kind === "message") this.messages.push(item.message);
        else this.plain += Buffer.from(item.data).toString();
      }
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.errors += chunk.toString();
    });
    this.exit = new Promise((resolve) => this.child.once("exit", resolve));
  }

  begin(request: JobRequest): this {
    this.child.stdin?.write(`${JSON.stringify(request)}\n`);
    return this;
  }

  tell(command: RunnerCommand): void {
    this.child.stdin?.write(encodeRunnerCommand(command));
  }

  get log(): string {
    return this.frames
      .map((frame) => (frame.type === "log" ? Buffer.from(frame.data).toString() : ""))
      .join("");
  }

  get final() {
    return this.frames.find((frame) => frame.type === "job.finished");
  }
}

describe("a runner in a container", () => {
  it.each([
    ["true", 0, "success"],
    ["exit 3", 1, "failure"],
  ])("ends with an exit code that tells the result (%s)", async (script, code, result) => {
    const runner = new Runner().begin(trialRequest(root, [script]));
    expect(await runner.exit).toBe(code);
    expect(runner.final).toMatchObject({ result });
    expect(runner.frames.map(({ seq }) => seq)).toEqual(runner.frames.map((_, index) => index + 1));
    expect(runner.plain).toBe("");
  });

  it("gives steps its own environment, not that of the request, and hides what is its own", async () => {
    const runner = new Runner({ OF_IMAGE: "yes", SLIPWAY_OUTLIVES: "1", SLIPWAY_TRACKING_ID: "github_t" });
    runner.begin(trialRequest(root, ["env | sort"]));
    expect(await runner.exit).toBe(0);
    expect(runner.log).toContain("OF_IMAGE=yes\n");
    expect(runner.log).toContain(`PATH=${PATH}\n`);
    expect(runner.log).toContain("RUNNER_TRACKING_ID=github_t\n");
    expect(runner.log).not.toMatch(/^(SLIPWAY_|GIT_EXEC_PATH|GIT_SSL)/m);
  });

  it("takes SIGTERM as a cancel: post and always() steps still run", async () => {
    const request = trialRequest(root, ["echo up; exec sleep 300", "echo always"]);
    const steps = request.steps.map((step, index) =>
      index === 0 ? step : { ...step, if: { source: "always()", at: { line: 1, column: 1 } } },
    );
    const runner = new Runner().begin({ ...request, steps } as JobRequest);
    await until(() => runner.log.includes("up\n"));
    runner.child.kill("SIGTERM");
    expect(await runner.exit).toBe(3);
    expect(runner.log).toContain("always\n");
    expect(runner.final).toMatchObject({ result: "cancelled" });
  });

  it("that cannot use its request is a failed job with a reason", async () => {
    const runner = new Runner().begin({ ...trialRequest(root, []), protocolVersion: 99 } as never);
    expect(await runner.exit).toBe(1);
    expect(runner.final).toMatchObject({
      result: "failure",
      error: expect.stringContaining("protocol version 99"),
    });
  });

  it("hands ports on while the job runs", async () => {
    const gate = join(root, "s");
    const script = `exec ${process.execPath} -e 'fetch("http://127.0.0.1:" + process.env.FORWARDED).then(async (r) => console.log("got", await r.text()))'`;
    const { createServer } = await import("node:http");
    const server = createServer((_, response) => response.end("from the host")).listen(gate);
    const probe = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => probe.once("listening", resolve));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    const runner = new Runner({ FORWARDED: `${port}` }).begin(
      trialRequest(root, [script], { forwards: [{ listenPort: port, to: { socket: gate } }] }),
    );
    expect(await runner.exit).toBe(0);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(runner.log).toContain("got from the host\n");
  });

  it("whose port is taken is a failed job with a reason", async () => {
    const { createServer } = await import("node:net");
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    const forwards = [{ listenPort: port, to: { host: "127.0.0.1", port: 1 } }];
    const runner = new Runner().begin(trialRequest(root, ["true"], { forwards }));
    expect(await runner.exit).toBe(1);
    await new Promise((resolve) => taken.close(resolve));
    expect(runner.final).toMatchObject({ error: expect.stringContaining(`Port ${port}`) });
  });
});

describe("a runner whose worker goes away", () => {
  const waits = () => `echo up; while [ ! -e ${root}/go ]; do sleep 0.05; done; echo done > ${root}/done`;

  it("goes on where it outlives it, without input and output, to its own end", async () => {
    const runner = new Runner({ SLIPWAY_OUTLIVES: "1" }).begin(trialRequest(root, [waits(), "seq 1 100000"]));
    await until(() => runner.log.includes("up\n"));
    runner.child.stdin?.destroy();
    runner.child.stdout?.destroy();
    runner.child.stderr?.destroy();
    writeFileSync(join(root, "go"), "");
    expect(await runner.exit).toBe(0);
    expect(existsSync(join(root, "done"))).toBe(true);
  });

  it("ends with it otherwise, and nothing of the job is left", async () => {
    const runner = new Runner().begin(trialRequest(root, [`echo $$ > ${root}/pid; ${waits()}`]));
    await until(() => runner.log.includes("up\n"));
    runner.child.stdin?.end();
    expect(await runner.exit).toBe(3);
    const pid = readFileSync(join(root, "pid"), "utf8").trim();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(join(root, "done"))).toBe(false);
  });

  it("is told to end by the next one", async () => {
    const runner = new Runner({ SLIPWAY_OUTLIVES: "1" }).begin(trialRequest(root, [waits()]));
    await until(() => runner.log.includes("up\n"));
    runner.tell({ type: "attached" });
    runner.tell({ type: "kill" });
    expect(await runner.exit).toBe(3);
    expect(existsSync(join(root, "done"))).toBe(false);
  });

  it("that never had a request ends when its container does", async () => {
    const terminated: (() => void)[] = [];
    const ended = streamRunner({
      env: { SLIPWAY_OUTLIVES: "1" },
      input: new PassThrough(),
      output: new PassThrough(),
      complain: () => {},
      onTerminate: (callback) => void terminated.push(callback),
    });
    for (const callback of terminated) callback();
    expect(await ended).toBe(2);
  });

  it("without ever having a request says so", async () => {
    const runner = new Runner({ SLIPWAY_OUTLIVES: "1" });
    runner.child.stdin?.end();
    expect(await runner.exit).toBe(2);
    expect(runner.errors).toContain("No job request came");
  });
});

describe("a step's container", () => {
  const containers = (): JobRequest["containers"] => ({
    services: {},
    steps: { kind: "asked" },
    stepWorkspace: join(root, "workspace"),
  });
  const step = {
    kind: "uses",
    uses: "docker://tool",
    at: { line: 1, column: 1 },
  };
  const image = { entrypoint: ["/bin/echo", "from the image"], command: [] };

  it("is asked for again of a worker that comes later, and asked for to go", async () => {
    const request = {
      ...trialRequest(root, []),
      steps: [step],
      containers: containers(),
    } as unknown as JobRequest;
    const runner = new Runner({ SLIPWAY_OUTLIVES: "1" }).begin(request);
    await until(() => runner.messages.length === 1);
    runner.tell({ type: "attached" });
    await until(() => runner.messages.length === 2);
    const [first, second] = runner.messages;
    expect(second).toEqual(first);
    if (first?.type !== "container.start") throw new Error("no container was asked for");
    expect(first.container.image).toEqual({ kind: "pull", name: "tool" });
    runner.tell({ type: "container.log", id: first.id, text: "Pulling tool" });
    runner.tell({ type: "container.ready", id: first.id, image });
    const gate = spawnGate(first.container.gateSocket, { PATH });
    children.push(gate.child);
    expect(await runner.exit).toBe(0);
    expect(await gate.exit).toMatchObject({ code: 0 });
    expect(runner.log).toContain("Pulling tool\n");
    expect(runner.log).toContain("from the image\n");
    expect(runner.messages.at(-1)).toEqual({ type: "container.remove", id: first.id });
  });
});
