// A job of one step on Docker beside `docker run` of the same image, and steps in a container beside steps of this machine.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../src/clock.ts";
import { plainRequest } from "../src/executors/conformance/plain-request.ts";
import { DockerExecutor } from "../src/executors/docker/docker-executor.ts";
import { dockerodeEngine } from "../src/executors/docker/dockerode-engine.ts";
import { parseEngineAddress } from "../src/executors/docker/engine-address.ts";
import type { Executor } from "../src/executors/executor.ts";
import { LocalExecutor } from "../src/executors/local/local-executor.ts";
import { memoryFolder } from "../src/executors/local/memory-folder.ts";
import type { StepSpec } from "../src/spec/workflow-spec.ts";
import { dockerAt } from "../test/support/docker.ts";
import { loadImage } from "../test/support/images/load-image.ts";
import { startDocker } from "../test/support/parts/docker-server.ts";
import { compare, type Result, timed } from "./measure.ts";
import { Workspace } from "./workspace.ts";

const STEPS = 100;
const step: StepSpec = { kind: "run", run: "true", background: false, at: { line: 1, column: 1 } };

/** Built by a program of its own: it knows where it stands in the repository, which a bundle does not. */
function kitFolder(): string {
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  const script = `import { buildKit } from "./scripts/kit/build-kit-folder.ts"; console.log(await buildKit({ arch: "${arch}" }))`;
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd,
    encoding: "utf8",
  });
  return printed.trim().split("\n").at(-1) ?? "";
}

export async function bench(): Promise<Result[]> {
  const root = mkdtempSync(join(tmpdir(), "slipway-bench-docker-"));
  const daemon = await startDocker(join(root, "daemon"));
  // As `slipway run` has it: small files in memory, processes started by a program that does nothing else.
  const inMemory = memoryFolder(process.pid);
  try {
    const host = daemon.info.host ?? "";
    const { client } = dockerAt(host);
    const image = await loadImage(client, "glibc");
    const docker = new DockerExecutor({
      images: { "ubuntu-latest": image },
      installation: "bench",
      mode: "volume",
      outlives: true,
      pull: "missing",
      defaults: {},
      rules: { privileged: false, hostPaths: false },
      network: {},
      socketFolder: join(root, "s"),
      patienceMs: 60_000,
      clock: systemClock,
      kit: { kind: "folder", folder: kitFolder() },
      engine: () => dockerodeEngine({ address: parseEngineAddress(host), clock: systemClock }),
    });
    const spawner = fileURLToPath(new URL("../dist/spawner.mjs", import.meta.url));
    const local = new LocalExecutor({
      mode: "in-process",
      spawner: { file: process.execPath, args: [spawner] },
      expectsMany: true,
    });
    let jobs = 0;
    const job = async (executor: Executor, steps: number) => {
      jobs += 1;
      const plain = plainRequest("bench", `job-${jobs}`, join(root, `job-${jobs}`));
      const { directories } = plain;
      const control = inMemory === undefined ? {} : { control: join(inMemory, `job-${jobs}`) };
      const request = {
        ...plain,
        directories: executor === local ? { ...directories, ...control } : directories,
        steps: Array.from({ length: steps }, () => step),
        placement: { labels: ["ubuntu-latest"], services: [], stepImages: [], clone: false },
      };
      let first = 0;
      let last = 0;
      let running: Awaited<ReturnType<Executor["start"]>> | undefined;
      const wholeMs = await timed(async () => {
        running = await executor.start(request, (frame) => {
          if (frame.type === "step.started" && first === 0) first = frame.at;
          if (frame.type === "step.finished") last = frame.at;
        });
        const end = await running.ended;
        if (end.kind === "lost") throw end.error;
        if (end.final.result !== "success") throw new Error(`The job ended with ${end.final.result}.`);
      });
      await running?.release?.();
      return { wholeMs, stepsMs: last - first };
    };
    await client.createNetwork({ Name: "bench" });
    const dockerRun = async () =>
      await timed(async () => {
        const made = await client.createContainer({
          Image: image,
          Cmd: ["bash", "-c", "true"],
          HostConfig: { NetworkMode: "bench" },
        });
        const stream = await made.attach({ stream: true, stdout: true, stderr: true });
        stream.resume();
        await made.start();
        await made.wait();
        await made.remove({ force: true, v: true });
      });
    const overMs: number[] = [];
    const yaml = `on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n      - run: 'true'\n`;
    using workspace = new Workspace(yaml);
    return [
      await compare({
        name: "one-step job on Docker, over docker run of its image",
        goal: { ms: 300 },
        runs: 9,
        ours: async () => {
          const run = await dockerRun();
          const { wholeMs } = await job(docker, 1);
          overMs.push(wholeMs);
          return wholeMs - run;
        },
        baseline: dockerRun,
        notes: () =>
          `the whole job ${Math.round([...overMs].sort((a, b) => a - b)[overMs.length >> 1] ?? 0)} ms`,
      }),
      await compare({
        name: "slipway run of one step on Docker, likewise",
        goal: { ms: 300 },
        runs: 9,
        ours: async () => {
          const run = await dockerRun();
          const daemon = ["--container-daemon-socket", host];
          return (await workspace.run("-P", `ubuntu-latest=${image}`, ...daemon)) - run;
        },
        baseline: dockerRun,
      }),
      await compare({
        name: `${STEPS} steps in a container, beside as many here`,
        goal: { ratio: 1.2 },
        runs: 5,
        ours: async () => (await job(docker, STEPS)).stepsMs,
        baseline: async () => (await job(local, STEPS)).stepsMs,
      }),
    ];
  } finally {
    await daemon.stop();
    if (inMemory !== undefined) rmSync(inMemory, { recursive: true, force: true });
    rmSync(root, { recursive: true, force: true });
  }
}
