// A platform as its operators run it: one process with nothing beside it, or roles in processes of their own on PostgreSQL,
// RabbitMQ and S3. What is tested of its API is the same for both.
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { freePort } from "./parts/free-port.ts";
import { testPostgres } from "./postgres.ts";
import { testRabbit } from "./rabbit.ts";
import { testS3 } from "./s3.ts";
import { TestServer } from "./server.ts";
import { Sandbox } from "./slipway.ts";
import { type TcpProxy, tcpProxy } from "./tcp-proxy.ts";

export interface Platform {
  readonly name: "embedded" | "split";
  /** The process with the API. */
  readonly api: TestServer;
  /** Every process, the API's first. */
  readonly servers: readonly TestServer[];
  readonly box: Sandbox;
  /** Between the platform and its queue, where that is a server of its own. */
  readonly queueProxy?: TcpProxy;
  /** Stops the process with the API, changes what it keeps, and starts it again at the same address. */
  restart(changes?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface PlatformOptions {
  readonly env?: Readonly<Record<string, string>>;
}

export async function embeddedPlatform({ env = {} }: PlatformOptions = {}): Promise<Platform> {
  const box = new Sandbox();
  const port = await freePort();
  const start = () => TestServer.start({ folder: box.path, env, args: ["--listen", `127.0.0.1:${port}`] });
  let api = await start();
  const { token } = api;
  return {
    name: "embedded",
    box,
    get api() {
      return api;
    },
    get servers() {
      return [api];
    },
    async restart(changes = []) {
      await api.stop();
      const records = new DatabaseSync(box.join("data/slipway.db"));
      for (const statement of changes) records.exec(statement);
      records.close();
      api = await start();
      api.token = token;
    },
    async stop() {
      await api.stop();
      box[Symbol.dispose]();
    },
  };
}

/** The roles pipeline and executor, and two workers. */
export async function splitPlatform({ env = {} }: PlatformOptions = {}): Promise<Platform> {
  const box = new Sandbox();
  const [database, rabbit, { dispose: disposeBucket, ...s3 }] = await Promise.all([
    testPostgres(),
    testRabbit(),
    testS3(),
  ]);
  const queueUrl = new URL(rabbit.url);
  const queueProxy = await tcpProxy(Number(queueUrl.port));
  queueUrl.port = `${queueProxy.port}`;
  queueUrl.hostname = "127.0.0.1";
  const [port, grpcPort] = [await freePort(), await freePort()];
  const settings = {
    ...env,
    DATABASE_URL: database.url,
    AMQP_URL: queueUrl.href,
    S3_BUCKET: s3.bucket,
    S3_ENDPOINT: s3.endpoint,
    S3_REGION: s3.region,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    SLIPWAY_SERVICE_TOKEN: randomBytes(24).toString("hex"),
    SLIPWAY_MASTER_KEY: randomBytes(32).toString("base64"),
    SLIPWAY_URL: `http://127.0.0.1:${port}`,
  };
  const start = async (name: string, args: readonly string[], servesApi = false) => {
    mkdirSync(box.join(name), { recursive: true });
    return await TestServer.start({ folder: box.join(name), env: settings, args, servesApi });
  };
  const startApi = () =>
    start(
      "pipeline",
      [
        "--roles",
        "pipeline",
        "--listen",
        `127.0.0.1:${port}`,
        "--executor-url",
        `http://127.0.0.1:${grpcPort}`,
        "--grpc-listen",
        "127.0.0.1:0",
      ],
      true,
    );
  let api = await startApi();
  const { token } = api;
  const others = await Promise.all([
    start("executor", ["--roles", "executor", "--grpc-listen", `127.0.0.1:${grpcPort}`]),
    start("worker-1", ["--roles", "worker"]),
    start("worker-2", ["--roles", "worker"]),
  ]);
  return {
    name: "split",
    box,
    queueProxy,
    get api() {
      return api;
    },
    get servers() {
      return [api, ...others];
    },
    async restart(changes = []) {
      await api.stop();
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      for (const statement of changes) await client.query(statement);
      await client.end();
      api = await startApi();
      api.token = token;
    },
    async stop() {
      await Promise.all([api, ...others].map((server) => server.stop()));
      await queueProxy.close();
      await Promise.all([database.dispose(), rabbit.dispose(), disposeBucket()]);
      box[Symbol.dispose]();
    },
  };
}
