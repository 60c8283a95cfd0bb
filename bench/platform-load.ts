// Users of the API: each starts a build over HTTP, waits for its end, and starts the next.
import { connect, type Socket } from "node:net";
import { isFinal } from "../src/status.ts";
import type { Result } from "./measure.ts";
import type { BenchPlatform } from "./platform.ts";

export interface LoadResult {
  readonly ms: number;
  /** From the hand-over to the queue to the event that says it runs, of each build, in milliseconds. */
  readonly queuedToRunning: readonly number[];
  /** From the request to the final state. */
  readonly toEnd: readonly number[];
  readonly cpuMs: number;
}

/** Runs `count` builds to their end by so many users at once. Rejects where one does not succeed. */
export async function runBuilds(platform: BenchPlatform, count: number, users: number): Promise<LoadResult> {
  const { events, publishedAt } = platform;
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const queuedToRunning: number[] = [];
  const toEnd: number[] = [];
  let wrong: string | undefined;
  const endOf = (id: string) => {
    let end = ends.get(id);
    if (end === undefined) {
      end = Promise.withResolvers();
      ends.set(id, end);
    }
    return end;
  };
  const subscription = await events.subscribe({ types: ["build.changed"] }, (event) => {
    if (event.type !== "build.changed") return;
    const { buildId, status } = event;
    if (status === "running") {
      const at = publishedAt.get(buildId);
      if (at !== undefined) queuedToRunning.push(performance.now() - at);
      publishedAt.delete(buildId);
    } else if (isFinal(status)) {
      if (status !== "succeeded") wrong ??= `build ${buildId} has ${status}`;
      endOf(buildId).resolve();
    }
  });
  const clients = await Promise.all(Array.from({ length: users }, () => HttpClient.open(platform)));
  let left = count;
  const body = JSON.stringify({ pipeline: "CI" });
  const cpu = process.cpuUsage();
  const started = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      while (left > 0) {
        left -= 1;
        const at = performance.now();
        const { status, text } = await client.post(`/api/v1/projects/${platform.projectId}/pipelines`, body);
        if (status !== 201) throw new Error(`${status} ${text}`);
        const { id } = JSON.parse(text) as { id: string };
        await endOf(id).promise;
        ends.delete(id);
        toEnd.push(performance.now() - at);
      }
    }),
  );
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  for (const client of clients) client.close();
  subscription.unsubscribe();
  if (wrong !== undefined) throw new Error(wrong);
  return { ms, queuedToRunning, toEnd, cpuMs: (user + system) / 1000 };
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function describeRun({ ms, cpuMs }: LoadResult, count: number): string {
  return `${Math.round((count / ms) * 1000)} builds/s, ${Math.round((cpuMs / count) * 1000)} µs of processor time each`;
}

const LATENCY_BUILDS = 1_000;
const BEST_MS = 100;

/** QUEUED to RUNNING while every place of the worker is taken and taken again. */
export async function latencies(engine: string, platform: BenchPlatform, users: number): Promise<Result[]> {
  const alone = await runBuilds(platform, 100, 1);
  const all = await runBuilds(platform, LATENCY_BUILDS, users);
  const [p95, alone95] = [percentile(all.queuedToRunning, 0.95), percentile(alone.queuedToRunning, 0.95)];
  return [
    {
      name: `${engine}: QUEUED to RUNNING, p95 of ${users} at once`,
      oursMs: p95,
      baselineMs: alone95,
      ratio: p95 / alone95,
      goal: `≤ ${BEST_MS} ms`,
      met: p95 <= BEST_MS,
      notes: `baseline: one at a time; to the end p95 ${percentile(all.toEnd, 0.95).toFixed(0)} ms`,
    },
  ];
}

/** One kept connection, one request at a time: as little as a client can cost, as it runs in the server's process. */
export class HttpClient {
  readonly #socket: Socket;
  readonly #token: string;
  #received = "";
  #answer: PromiseWithResolvers<{ status: number; text: string }> | undefined;

  private constructor(socket: Socket, token: string) {
    this.#socket = socket;
    this.#token = token;
    socket.setEncoding("latin1");
    socket.setNoDelay(true);
    socket.on("data", (text: string) => this.#take(text));
    socket.on("error", (error) => this.#answer?.reject(error));
    socket.on("close", () => this.#answer?.reject(new Error("the connection was closed")));
  }

  static open({ port, token }: Pick<BenchPlatform, "port" | "token">): Promise<HttpClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new HttpClient(socket, token)));
      socket.once("error", reject);
    });
  }

  post(path: string, body: string): Promise<{ readonly status: number; readonly text: string }> {
    this.#answer = Promise.withResolvers();
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${this.#token}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    return this.#answer.promise;
  }

  close(): void {
    this.#answer = undefined;
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#received.slice(0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
    if (this.#received.length < end + 4 + length) return;
    const answer = {
      status: Number(head.slice(9, 12)),
      text: this.#received.slice(end + 4, end + 4 + length),
    };
    this.#received = this.#received.slice(end + 4 + length);
    this.#answer?.resolve(answer);
  }
}
