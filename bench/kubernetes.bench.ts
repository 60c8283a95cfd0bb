// Jobs on Kubernetes: how long a pod with the kit takes to its first line, beside a bare one; how soon its end is known; and
// 1 GB of log from one pod, beside what the API gives of a bare pod's. KUBECONFIG: on that cluster (images: see
// scripts/test-kubernetes.ts). Without it on the project's own, whose pods are containers of a Docker daemon: that says
// something of the kit and the way of the frames, and nothing of a kubelet.
import { execFileSync } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ClusterStand } from "../test/kubernetes/stand/cluster-stand.ts";
import { compare, type Result, timed } from "./measure.ts";

const LOG_BYTES = Number(process.env.SLIPWAY_BENCH_LOG_BYTES ?? 1_000_000_000);
const RUNS = 7;
/** What prints that much, at full speed. */
const LOUD = `yes '12:30:01.123 info compiled file 0123456789 of the whole tree in 97 ms, and nothing is the matter' | head -c ${LOG_BYTES}`;

// As they are, not bundled: what they are made from knows where it stands in the repository.
const load = <T>(path: string): Promise<T> => import(new URL(path, import.meta.url).href);
const isReal = (process.env.KUBECONFIG ?? "") !== "";
const where = isReal ? "" : " (the project's own cluster)";

export async function bench(): Promise<Result[]> {
  const root = mkdtempSync(join(tmpdir(), "slipway-bench-kube-"));
  const stop = isReal ? undefined : await startDaemon(root);
  if (isReal) process.env.SLIPWAY_TEST_KUBERNETES = "real";
  const { openStand } = await load<typeof import("../test/kubernetes/stand/open-stand.ts")>(
    "../test/kubernetes/stand/open-stand.ts",
  );
  const stand = await openStand();
  try {
    return [...(await starts(stand)), await log(stand)];
  } finally {
    await stand.close();
    await stop?.();
    rmSync(root, { recursive: true, force: true });
  }
}

/** A daemon with the images; gives what ends it. */
async function startDaemon(root: string): Promise<() => Promise<void>> {
  const { startDocker } = await load<typeof import("../test/support/parts/docker-server.ts")>(
    "../test/support/parts/docker-server.ts",
  );
  const { dockerAt } = await load<typeof import("../test/support/docker.ts")>("../test/support/docker.ts");
  const daemon = await startDocker(join(root, "daemon"));
  const host = daemon.info.host ?? "";
  process.env.SLIPWAY_TEST_DOCKER_HOST = host;
  const written = execFileSync(
    process.execPath,
    ["scripts/test-kubernetes.ts", "--images", join(root, "images")],
    { cwd: fileURLToPath(new URL("..", import.meta.url)), encoding: "utf8" },
  );
  for (const [, path = ""] of written.matchAll(/ {2}(\S+\.tar)$/gm)) {
    const answer = await dockerAt(host).client.loadImage(createReadStream(path), { quiet: true });
    for await (const _ of answer);
  }
  return async () => await daemon.stop();
}

async function starts(stand: ClusterStand): Promise<Result[]> {
  const { startMailboxServer } = await load<typeof import("../src/executors/push/testing/mailbox-server.ts")>(
    "../src/executors/push/testing/mailbox-server.ts",
  );
  const { systemClock } = await load<typeof import("../src/clock.ts")>("../src/clock.ts");
  const { kubernetesPlace } = await load<typeof import("../test/kubernetes/stand/kubernetes-place.ts")>(
    "../test/kubernetes/stand/kubernetes-place.ts",
  );
  const server = await startMailboxServer(systemClock, { host: stand.address });
  const place = await kubernetesPlace(stand, server.mailbox);
  const endMs: number[] = [];
  let jobs = 0;
  try {
    const job = async () => {
      jobs += 1;
      const began = performance.now();
      let firstLineMs = Number.NaN;
      let saidAt = 0;
      const request = { ...place.request(`job-${jobs}`), steps: [step("echo hello")] };
      const running = await place.executor.start(request, (frame) => {
        if (frame.type === "log" && Number.isNaN(firstLineMs)) firstLineMs = performance.now() - began;
        if (frame.type === "job.finished") saidAt = frame.at;
      });
      const end = await running.ended;
      endMs.push(Date.now() - saidAt);
      if (end.kind === "lost") throw end.error;
      await running.release?.();
      await place.leftovers();
      return firstLineMs;
    };
    const overMs: number[] = [];
    const start = await compare({
      name: `a job's first line, over a bare pod's Running${where}`,
      goal: { ms: 2_000 },
      runs: RUNS,
      ours: async () => {
        const bare = await barePod(stand, "sleep 60", "Running");
        const ours = await job();
        overMs.push(ours);
        return ours - bare;
      },
      baseline: () => barePod(stand, "sleep 60", "Running"),
      notes: () => `first line after ${Math.round(median(overMs))} ms`,
    });
    const end: Result = {
      name: `the runner's last word to the final state${where}`,
      oursMs: median(endMs),
      baselineMs: Math.max(...endMs),
      ratio: 1,
      goal: "≤ 500 ms",
      met: median(endMs) <= 500,
      notes: "baseline: the slowest of all; the container itself ends after its last word",
    };
    return [start, end];
  } finally {
    await place.close();
    await server.close();
  }
}

/** Milliseconds until a pod of nothing else is in that phase; it is taken away again. */
async function barePod(
  { admin, namespace, images }: ClusterStand,
  script: string,
  phase: "Running" | "Succeeded",
  during?: (name: string) => Promise<void>,
): Promise<number> {
  const name = `bare-${Math.random().toString(36).slice(2, 10)}`;
  const fields = `metadata.name=${name}`;
  const { resourceVersion } = await admin.list("pods", namespace, { fields });
  const over = new AbortController();
  const began = performance.now();
  await admin.create("pods", namespace, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      containers: [{ name: "bare", image: images.plain, command: ["/bin/sh", "-c", script] }],
    },
  });
  for await (const event of admin.watch("pods", namespace, { fields, resourceVersion }, over.signal)) {
    if (event.type === "BOOKMARK" || event.object.status?.phase !== phase) continue;
    break;
  }
  const tookMs = performance.now() - began;
  over.abort();
  await during?.(name);
  await admin.remove("pods", namespace, name, { graceSeconds: 0 });
  return tookMs;
}

/** Both rates are of bytes that arrived: a kubelet rotates a log of this size away while it is read. */
async function log(stand: ClusterStand): Promise<Result> {
  const { LogsFixture } = await load<typeof import("../src/logs/logs.fixture.ts")>(
    "../src/logs/logs.fixture.ts",
  );
  const { startRunnerServer } = await load<typeof import("../src/builds/runners/runner-server.fixture.ts")>(
    "../src/builds/runners/runner-server.fixture.ts",
  );
  const { StoredJobTokens } = await load<typeof import("../src/identity/stored-job-tokens.ts")>(
    "../src/identity/stored-job-tokens.ts",
  );
  const { MasterKey } = await load<typeof import("../src/identity/master-key.ts")>(
    "../src/identity/master-key.ts",
  );
  const { systemClock } = await load<typeof import("../src/clock.ts")>("../src/clock.ts");
  const { kubernetesPlace } = await load<typeof import("../test/kubernetes/stand/kubernetes-place.ts")>(
    "../test/kubernetes/stand/kubernetes-place.ts",
  );
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const fixture = await LogsFixture.open(systemClock, { kind: "sqlite", file: join(folder, "records.db") });
  const { store, events } = fixture;
  const tokens = new StoredJobTokens({
    builds: store.builds,
    masterKeys: [MasterKey.random()],
    clock: systemClock,
  });
  const server = await startRunnerServer({ store, tokens, events }, { pollMs: 2_000 }, stand.address);
  const place = await kubernetesPlace(stand, server.mailbox);
  try {
    const ref = await fixture.step();
    const sink = fixture.sink({ maxDelayMs: 40, limits: { maxStepBytes: 1e12, maxBuildBytes: 1e12 } });
    const request = { ...place.request("job"), buildId: fixture.buildId, steps: [step(LOUD)] };
    let checkpointAt = 0;
    let began = 0;
    let loud = 0;
    const running = await place.executor.start(request, async (frame) => {
      if (frame.type === "step.added" && frame.stage === "main") loud = frame.step;
      if (frame.type === "step.started" && frame.step === loud) began = performance.now();
      if (frame.type !== "log" || frame.step !== loud) return;
      await sink.append(ref, { seq: frame.seq, at: frame.at, data: frame.data });
      if (performance.now() - checkpointAt < 1_000) return;
      checkpointAt = performance.now();
      await sink.flush();
      await store.builds.advance(fixture.lease, [
        { kind: "job-changed", job: fixture.jobId, at: Date.now(), frameSeq: frame.seq },
      ]);
    });
    const end = await running.ended;
    await sink.flush();
    const oursMs = performance.now() - began;
    if (end.kind === "lost") throw end.error;
    const { sizeBytes } = await sink.stat(ref);
    await running.release?.();
    const rates: string[] = [];
    const best = { bytesPerMs: 0 };
    const read = async (how: string, follow: boolean, name: string) => {
      let bytes = 0;
      const ms = await timed(async () => {
        bytes = await readLog(stand, name, follow);
      });
      best.bytesPerMs = Math.max(best.bytesPerMs, bytes / ms);
      rates.push(`${how} ${(bytes / 1e6).toFixed(0)} MB at ${(bytes / 1e3 / ms).toFixed(0)} MB/s`);
    };
    await barePod(stand, LOUD, "Running", (name) => read("followed", true, name));
    await barePod(stand, LOUD, "Succeeded", (name) => read("what is kept", false, name));
    const baselineMs = LOG_BYTES / best.bytesPerMs;
    return {
      name: `${LOG_BYTES / 1e6} MB of log from a pod into the store${where}`,
      oursMs,
      baselineMs,
      ratio: oursMs / baselineMs,
      goal: "≤ 2 ×, whole",
      met: oursMs <= 2 * baselineMs && sizeBytes - prefixBytes(sizeBytes) === LOG_BYTES,
      notes: `${(sizeBytes / 1e6).toFixed(1)} MB at ${(LOG_BYTES / 1e3 / oursMs).toFixed(0)} MB/s; a bare pod's log from the API: ${rates.join(", ")}`,
    };
  } finally {
    await place.close();
    await server.close();
    await fixture.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The head of a step's log, which says what is run. */
function prefixBytes(sizeBytes: number): number {
  return Math.max(0, Math.min(sizeBytes - LOG_BYTES, 10_000));
}

/** Bytes that the API gives of a pod's log, as `kubectl logs` reads it. */
async function readLog(stand: ClusterStand, name: string, follow: boolean): Promise<number> {
  const access = await stand.adminAccess();
  const url = new URL(
    `${access.server}/api/v1/namespaces/${stand.namespace}/pods/${name}/log?follow=${follow}`,
  );
  const credentials = await access.credentials();
  return await new Promise((resolve, reject) => {
    const answer = (response: http.IncomingMessage) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on("end", () => resolve(bytes));
      response.on("error", reject);
    };
    const get = url.protocol === "https:" ? https.get : http.get;
    get(url, credentials, answer).on("error", reject);
  });
}

function step(run: string) {
  return { kind: "run", run, background: false, at: { line: 1, column: 1 } } as const;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
