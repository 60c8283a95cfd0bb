import { GitHttpHandler } from "../api/git-http/git-http-handler.ts";
import { createApi } from "../api/rest/create-api.ts";
import { SignedBlobHandler } from "../api/signed-blobs/signed-blob-handler.ts";
import type { ExecutorService } from "../builds/service/executor-service.ts";
import { PushHandler } from "../executors/push/push-handler.ts";
import type { ApiTokens } from "../identity/api-tokens.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import type { Logins } from "../identity/logins.ts";
import { createPipelineService } from "../pipelines/create-pipeline-service.ts";
import type { PipelineService } from "../pipelines/pipeline-service.ts";
import { ScheduleRunner } from "../triggers/schedule-runner.ts";
import { recordsCopier } from "./copy-records.ts";
import { listenError } from "./listen-error.ts";
import { readinessOf } from "./readiness.ts";
import type { SharedParts } from "./shared-parts.ts";

export interface ApiAccess {
  readonly authenticator: Authenticator;
  readonly tokens: ApiTokens;
  readonly logins: Logins;
}

/** Starts the role pipeline: definitions, the start of builds, and the API. Rejects with `Permanent` where the port is taken. */
export async function startApi(
  parts: SharedParts,
  executor: ExecutorService,
  access: ApiAccess,
): Promise<PipelineService> {
  const {
    config,
    store,
    queue,
    events,
    blobs,
    clock,
    logger,
    metrics,
    repositories,
    vault,
    services,
    closers,
  } = parts;
  const pipelines = createPipelineService({
    store,
    repositories,
    executor,
    clock,
    logger,
    serverUrl: parts.publicUrl,
  });
  const git = new GitHttpHandler({
    projects: store.projects,
    authenticator: access.authenticator,
    tokens: parts.jobTokens,
    repositories,
    clock,
    logger,
    path: parts.host.env.PATH ?? "",
  });
  const signed = blobs.signed && new SignedBlobHandler({ blobs: blobs.store, urls: blobs.signed, logger });
  const runners = new PushHandler({
    inbox: parts.mailbox,
    clock,
    onUnexpected: (error) => logger.warn({ error }, "a runner could not be answered"),
  });
  const copyRecords = recordsCopier(store, parts.folder.records, () => clock.now());
  const app = await createApi({
    ...(copyRecords === undefined ? {} : { copyRecords }),
    store,
    executor,
    pipelines,
    repositories,
    ...access,
    vault,
    queue,
    events,
    logs: parts.logs,
    blobs: blobs.store,
    blobUrls: blobs.urls,
    webhooks: parts.webhooks,
    mounts: [
      git,
      runners,
      ...services.prefixes.map((prefix) => ({ prefix, handle: services.handle.bind(services) })),
      ...(signed === undefined ? [] : [signed]),
    ],
    readiness: readinessOf(parts),
    metricsPage: {
      public: config["metrics.public"],
      read: async () => ({ contentType: metrics.contentType, body: await metrics.text() }),
    },
    clock,
    logger,
    metrics,
    settings: { version: parts.version, publicUrl: parts.publicUrl },
  });
  const { host } = config.listen;
  try {
    await app.listen({ host, port: parts.listenPort });
  } catch (error) {
    await app.close();
    throw listenError(error, config.listen);
  }
  closers.add("api", () => app.close());
  closers.add("runners that wait for commands", async () => runners.close());

  const schedules = new ScheduleRunner({ store, repositories, pipelines, clock, logger });
  schedules.start();
  closers.add("schedules", () => schedules.stop());
  return pipelines;
}
