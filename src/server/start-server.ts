import { hostname } from "node:os";
import { resolve } from "node:path";
import { checkMasterKey } from "../artifacts/check-master-key.ts";
import { createPlatformServices } from "../artifacts/platform-services.ts";
import { StoredMailbox } from "../builds/runners/stored-mailbox.ts";
import type { ExecutorService } from "../builds/service/executor-service.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import { ApiTokens } from "../identity/api-tokens.ts";
import { Authenticator } from "../identity/authenticator.ts";
import { Logins } from "../identity/logins.ts";
import { MasterKey } from "../identity/master-key.ts";
import { openMasterKey } from "../identity/open-master-key.ts";
import { SecretVault } from "../identity/secret-vault.ts";
import { StoredJobTokens } from "../identity/stored-job-tokens.ts";
import { RowLogSink } from "../logs/row-log-sink.ts";
import { newId } from "../new-id.ts";
import type { PipelineService } from "../pipelines/pipeline-service.ts";
import { pinoLogger } from "../telemetry/pino-logger.ts";
import { PromMetrics } from "../telemetry/prom-metrics.ts";
import { noTracer } from "../telemetry/tracer.ts";
import { Webhooks } from "../webhooks/webhooks.ts";
import { Closers } from "./closers.ts";
import { openDataFolder } from "./data-folder.ts";
import { openBlobs, openEvents, openQueue, openRecords } from "./engines.ts";
import { openRepositories } from "./open-repositories.ts";
import { portToListen, publicAddress } from "./public-address.ts";
import { readinessOf } from "./readiness.ts";
import type { RunningServer, ServerHost } from "./running-server.ts";
import type { SharedParts } from "./shared-parts.ts";
import { watchCounts } from "./watch-counts.ts";

const ALL_ROLES = 3;
const DEFAULT_GRPC_ADDRESS = { host: "127.0.0.1", port: 8081 };
const DAY_MS = 24 * 3600 * 1000;

/**
 * The composition root of `slipway serve`: builds the parts that the configuration names, starts its roles, and hands
 * back what stops them. Rejects with `ExecError` and a clear text where it cannot start, having closed what it opened.
 */
export async function startServer(
  config: Config,
  host: ServerHost,
  clock: Clock = systemClock,
): Promise<RunningServer> {
  const logger = pinoLogger({ level: config["log-level"] });
  const closers = new Closers(logger);
  try {
    return await start(config, host, { clock, logger, closers });
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function start(
  config: Config,
  host: ServerHost,
  { clock, logger, closers }: Pick<SharedParts, "clock" | "logger" | "closers">,
): Promise<RunningServer> {
  const { version } = await import("../version.ts");
  const roles = new Set(config.roles);
  const listenPort = await portToListen(config.listen);
  const publicUrl = publicAddress(config, listenPort);
  const deps = { clock, logger };
  const metrics = new PromMetrics();
  const folder = await openDataFolder(resolve(host.cwd, config.data));
  const masterKey = await openMasterKey({ value: config["master-key"], file: folder.masterKey }, logger);

  const tracer = await openTracer(config, version, closers);
  const store = await openRecords(config, folder, deps);
  closers.add("records", () => store.close());
  const events = await openEvents(config, `${hostname()}:${host.pid}:${newId(clock.now())}`, deps);
  closers.add("events", () => events.close());
  const queue = await openQueue(config, deps);
  closers.add("queue", () => queue.close());
  const blobs = await openBlobs(config, folder, masterKey, { ...deps, publicUrl });
  const limits = { maxStepBytes: config["logs.step-size"], maxBuildBytes: config["logs.build-size"] };
  const logs = new RowLogSink({ store, blobs: blobs.store, events, clock, logger, metrics, limits });
  closers.add("logs", () => logs.close());

  const previousKeys = config["previous-master-keys"].map((text) =>
    MasterKey.parse(text, "A previous master key"),
  );
  const masterKeys = [masterKey, ...previousKeys] as const;
  const vault = new SecretVault({ projects: store.projects, masterKeys, clock });
  await checkMasterKey(blobs.store, vault);
  const jobTokens = new StoredJobTokens({ builds: store.builds, masterKeys, clock });
  const jobsUrl = config["jobs.url"] ?? publicUrl;
  const mailbox = new StoredMailbox({ store, tokens: jobTokens, events, clock, url: jobsUrl });
  closers.add("mailboxes of runners", () => mailbox.stop());
  const services = createPlatformServices({
    store,
    blobs: blobs.store,
    tokens: jobTokens,
    vault,
    masterKey,
    publicUrl: jobsUrl,
    issuer: publicUrl,
    clock,
    logger,
    artifactRetentionDays: config["artifacts.retention"] / DAY_MS,
    cacheQuotaBytes: config["caches.size"],
  });
  const repositories = openRepositories(config, folder, host, publicUrl, deps);
  const webhooks = new Webhooks({
    store,
    events,
    vault,
    clock,
    logger,
    metrics,
    random: Math.random,
    publicUrl,
    allowPrivate: config["webhooks.allow-private"],
  });
  const shared: SharedParts = {
    config,
    host,
    folder,
    version,
    publicUrl,
    listenPort,
    clock,
    logger,
    metrics,
    tracer,
    closers,
    store,
    queue,
    events,
    blobs,
    masterKey,
    vault,
    jobTokens,
    mailbox,
    logs,
    repositories,
    services,
    webhooks,
  };
  watchCounts(shared);

  const tokens = new ApiTokens(store.access, clock);
  const access = {
    tokens,
    authenticator: new Authenticator({
      access: store.access,
      clock,
      logger,
      serviceCredential: config["service-token"],
    }),
    logins: new Logins({ access: store.access, tokens, clock }),
  };

  let executor: ExecutorService | undefined;
  if (roles.has("executor")) {
    const { startExecutor } = await import("./start-executor.ts");
    executor = await startExecutor(shared);
  }
  let pipelines: PipelineService | undefined;
  if (roles.has("pipeline")) {
    const { startApi } = await import("./start-api.ts");
    const distant = executor ?? (await connectExecutor(shared));
    pipelines = await startApi(shared, distant, access);
  }
  const probes = config["probes.listen"];
  if (probes !== undefined && !roles.has("pipeline")) {
    const { startProbes } = await import("./start-probes.ts");
    const started = await startProbes({ listen: probes, readiness: readinessOf(shared), metrics });
    closers.add("probes", () => started.close());
  }
  const grpcAddress = config["grpc.listen"] ?? (roles.size === ALL_ROLES ? undefined : DEFAULT_GRPC_ADDRESS);
  if (grpcAddress !== undefined && (executor !== undefined || pipelines !== undefined)) {
    const { startGrpc } = await import("./start-grpc.ts");
    await startGrpc(shared, grpcAddress, { executor, pipelines, authenticator: access.authenticator });
  }
  if (roles.has("worker")) {
    const { startWorker } = await import("./start-worker.ts");
    await startWorker(shared);
  }
  // Last: a start that fails (its port is taken, say) must not use up the token that is shown only once.
  const first = roles.has("pipeline") ? await tokens.createFirst() : undefined;
  logger.info({ roles: config.roles, address: publicUrl, version }, "ready");
  const login = first && (await access.logins.createCode(first.info.id));
  return {
    ...(roles.has("pipeline") ? { address: publicUrl } : {}),
    ...(first === undefined ? {} : { firstStart: { adminToken: first.token } }),
    ...(login === undefined ? {} : { loginLink: `${publicUrl}/login?code=${login.code}` }),
    stop: async () => {
      logger.info({}, "stopping");
      await closers.closeAll();
    },
  };
}

async function openTracer(config: Config, version: string, closers: Closers): Promise<SharedParts["tracer"]> {
  const url = config["traces.url"];
  if (url === undefined) return noTracer;
  const { otlpTracer } = await import("../telemetry/otlp-tracer.ts");
  const tracer = otlpTracer({ url, serviceName: "slipway", serviceVersion: version });
  closers.add("traces", () => tracer.close());
  return tracer;
}

/** The executor role of another process. */
async function connectExecutor({ config, clock, closers }: SharedParts): Promise<ExecutorService> {
  const [{ openGrpcChannel }, { GrpcExecutorService }] = await Promise.all([
    import("../api/grpc/open-grpc-channel.ts"),
    import("../api/grpc/grpc-executor-service.ts"),
  ]);
  const channel = openGrpcChannel({
    url: config["executor.url"] ?? "",
    bearer: config["service-token"] ?? "",
  });
  closers.add("connection to the executor", () => channel.close());
  return new GrpcExecutorService(channel, { clock });
}
