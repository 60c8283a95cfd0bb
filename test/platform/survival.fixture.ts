// What the tests of this folder that kill and cut things share: a cluster on real parts, small builds, and how to look
// at what became of them.
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { freePort } from "../support/parts/free-port.ts";
import { type TestDatabase, testPostgres } from "../support/postgres.ts";
import { type TestVhost, testRabbit } from "../support/rabbit.ts";
import { type TestBucket, testS3 } from "../support/s3.ts";
import { type ServerOptions, TestServer, waitFor } from "../support/server.ts";
import { Sandbox } from "../support/slipway.ts";
import { type TcpProxy, tcpProxy } from "../support/tcp-proxy.ts";

export interface Step {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly status: string;
  readonly log: { readonly url: string; readonly kept: string; readonly sizeBytes: number };
}

export interface Job {
  readonly id: string;
  readonly key: string;
  readonly status: string;
  readonly attempt: number;
  readonly latest: boolean;
  readonly infrastructureFailure: boolean;
  readonly error?: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

export interface Build {
  readonly id: string;
  readonly status: string;
  readonly error?: string;
  readonly errorCode?: string;
  readonly jobs: readonly Job[];
  readonly warnings: readonly string[];
}

const FINAL = new Set(["succeeded", "failed", "cancelled"]);

/** A project of a server, with one pipeline. */
export class Project {
  readonly id: string;
  /** Whom to ask; a server that was started again takes the place of the one before. */
  server: TestServer;

  private constructor(id: string, server: TestServer) {
    this.id = id;
    this.server = server;
  }

  static async add(server: TestServer, sandbox: Sandbox, name: string, pipeline: string): Promise<Project> {
    const repositoryUrl = sandbox.repository(`repository-${name}`, { ".github/workflows/ci.yml": pipeline });
    const { id } = await server.ok<{ id: string }>("POST", "projects", { name, repositoryUrl });
    return new Project(id, server);
  }

  async start(inputs?: Readonly<Record<string, string>>): Promise<string> {
    const body = inputs === undefined ? {} : { inputs };
    return (await this.server.ok<{ id: string }>("POST", `projects/${this.id}/pipelines`, body)).id;
  }

  async startMany(count: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) ids.push(await this.start());
    return ids;
  }

  build(id: string): Promise<Build> {
    return this.server.ok<Build>("GET", `projects/${this.id}/pipelines/${id}`);
  }

  /** By id, of all builds so far (100 at most). */
  async statuses(): Promise<ReadonlyMap<string, string>> {
    const { items } = await this.server.ok<{ items: readonly { id: string; status: string }[] }>(
      "GET",
      `projects/${this.id}/pipelines?limit=100`,
    );
    return new Map(items.map(({ id, status }) => [id, status]));
  }

  /** Resolves once each of these has ended. Asking may fail meanwhile. */
  async ended(ids: readonly string[], limitMs = 120_000): Promise<readonly Build[]> {
    let last = "";
    await waitFor(
      async () => {
        try {
          const statuses = await this.statuses();
          const left = ids.filter((id) => !FINAL.has(statuses.get(id) ?? ""));
          last = left.map((id) => `${id}: ${statuses.get(id)}`).join(", ");
          return left.length === 0;
        } catch (error) {
          last = String(error);
          return false;
        }
      },
      limitMs,
      () => `builds have not ended: ${last}\n${this.server.stderr.slice(-4_000)}`,
    );
    return await Promise.all(ids.map((id) => this.build(id)));
  }

  /** Resolves once so many of them run a step. */
  async running(ids: readonly string[], count = ids.length): Promise<void> {
    await waitFor(
      async () => {
        const builds = await Promise.all(ids.map((id) => this.build(id)));
        return builds.filter((build) => runningStep(build) !== undefined).length >= count;
      },
      60_000,
      () => `the builds do not run\n${this.server.stderr.slice(-4_000)}`,
    );
  }

  async log(step: Step): Promise<string> {
    const response = await this.server.fetch(step.log.url);
    if (!response.ok) throw new Error(`${step.log.url}: ${response.status} ${await response.text()}`);
    return await response.text();
  }
}

export function runningStep(build: Build): Step | undefined {
  return build.jobs
    .flatMap(({ steps }) => steps)
    .find(({ status, number }) => status === "running" && number > 0);
}

/** Of the attempt that counts. */
export function jobOf(build: Build, key: string): Job {
  const jobs = build.jobs.filter((job) => job.key === key && job.latest);
  const [job] = jobs;
  if (job === undefined || jobs.length !== 1)
    throw new Error(`${build.id} has ${jobs.length} jobs ${key} that count`);
  return job;
}

/** A step's script that prints `WORD 1` to `WORD LINES`. */
export function printing(word: string, lines: number, pauseSeconds = 0): string {
  const pause = pauseSeconds === 0 ? "" : `; sleep ${pauseSeconds}`;
  return `for ((i = 1; i <= ${lines}; i++)); do echo "${word} $i"${pause}; done`;
}

/** The numbers of the lines that `printing` printed, as they stand in a log. */
export function numbersOf(log: string, word: string): readonly number[] {
  return [...log.matchAll(new RegExp(`^${word} (\\d+)$`, "gm"))].map(([, number]) => Number(number));
}

export const countTo = (last: number): readonly number[] =>
  Array.from({ length: last }, (_, index) => index + 1);

/** Real PostgreSQL, RabbitMQ and S3, each behind a proxy of its own, and servers on them. */
export class Cluster {
  readonly sandbox = new Sandbox();
  readonly database: TestDatabase;
  readonly rabbit: TestVhost;
  readonly bucket: TestBucket;
  readonly proxies: { readonly postgres: TcpProxy; readonly rabbit: TcpProxy; readonly s3: TcpProxy };
  /** Of every server, whatever its roles. */
  readonly env: Readonly<Record<string, string>>;
  readonly #servers: TestServer[] = [];
  #folders = 0;

  private constructor(
    database: TestDatabase,
    rabbit: TestVhost,
    bucket: TestBucket,
    proxies: Cluster["proxies"],
  ) {
    this.database = database;
    this.rabbit = rabbit;
    this.bucket = bucket;
    this.proxies = proxies;
    this.env = {
      DATABASE_URL: through(proxies.postgres, database.url),
      AMQP_URL: through(proxies.rabbit, rabbit.url),
      S3_ENDPOINT: through(proxies.s3, bucket.endpoint),
      S3_REGION: bucket.region,
      S3_BUCKET: bucket.bucket,
      S3_ACCESS_KEY_ID: bucket.accessKeyId,
      S3_SECRET_ACCESS_KEY: bucket.secretAccessKey,
      SLIPWAY_MASTER_KEY: randomBytes(32).toString("base64"),
      SLIPWAY_SERVICE_TOKEN: randomBytes(24).toString("base64url"),
      SLIPWAY_ACTIONS_OFFLINE: "true",
    };
  }

  /** `onBytes` is told all that servers and parts say to each other. */
  static async start(onBytes?: (part: string, stream: number, bytes: Buffer) => void): Promise<Cluster> {
    const [database, rabbit, bucket] = await Promise.all([testPostgres(), testRabbit(), testS3()]);
    const proxyOf = (url: string) => {
      const { port, hostname, protocol } = new URL(url);
      const tell = onBytes && ((stream: number, bytes: Buffer) => onBytes(protocol, stream, bytes));
      return tcpProxy(Number(port), hostname, tell);
    };
    const [postgres, broker, s3] = await Promise.all(
      [database.url, rabbit.url, bucket.endpoint].map(proxyOf),
    );
    if (postgres === undefined || broker === undefined || s3 === undefined) throw new Error("no proxies");
    return new Cluster(database, rabbit, bucket, { postgres, rabbit: broker, s3 });
  }

  /** One more, with a folder of its own. */
  async server(
    args: readonly string[],
    { env, ...options }: Partial<Pick<ServerOptions, "servesApi" | "env">> = {},
  ): Promise<TestServer> {
    this.#folders += 1;
    const folder = this.sandbox.join(`server-${this.#folders}`);
    mkdirSync(folder);
    const server = await TestServer.start({ folder, args, env: { ...this.env, ...env }, ...options });
    this.#servers.push(server);
    return server;
  }

  /** API and executor on one server without a worker, and what starts workers for it. */
  async split(args: readonly string[] = []): Promise<{
    readonly api: TestServer;
    readonly worker: () => Promise<TestServer>;
  }> {
    const grpc = await freePort();
    const api = await this.server([
      "--roles",
      "pipeline,executor",
      "--grpc-listen",
      `127.0.0.1:${grpc}`,
      ...args,
    ]);
    const worker = () =>
      this.server(["--roles", "worker", "--url", api.address, ...args], { servesApi: false });
    return { api, worker };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of Object.values(this.proxies)) proxy.resume();
    // Their ends have been looked at by now, where they matter.
    for (const server of this.#servers) server.signal("SIGKILL");
    await Promise.all(this.#servers.map(({ ended }) => ended));
    await Promise.all(Object.values(this.proxies).map((proxy) => proxy.close()));
    await Promise.all([this.database.dispose(), this.rabbit.dispose(), this.bucket.dispose()]);
    this.sandbox[Symbol.dispose]();
  }
}

function through(proxy: TcpProxy, url: string): string {
  const parsed = new URL(url);
  parsed.hostname = "127.0.0.1";
  parsed.port = `${proxy.port}`;
  return parsed.href.replace(/\/$/, "");
}
