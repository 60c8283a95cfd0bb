import { GitHttpHandler } from "../api/git-http/git-http-handler.ts";
import { createApi } from "../api/rest/create-api.ts";
import { SignedBlobHandler } from "../api/signed-blobs/signed-blob-handler.ts";
import type { ExecutorService } from "../builds/service/executor-service.ts";
import { ExecError } from "../errors.ts";
import type { ApiTokens } from "../identity/api-tokens.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import type { Logins } from "../identity/logins.ts";
import { createPipelineService } from "../pipelines/create-pipeline-service.ts";
import type { PipelineService } from "../pipelines/pipeline-service.ts";
import { ScheduleRunner } from "../triggers/schedule-runner.ts";
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
  const app = await createApi({
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
      ...services.prefixes.map((prefix) => ({ prefix, handle: services.handle.bind(services) })),
      ...(signed === undefined ? [] : [signed]),
    ],
    readiness: [
      { name: "records", check: () => store.ping() },
      { name: "queue", check: () => queue.ping() },
      { name: "events", check: () => events.ping() },
    ],
    metricsPage: {
      public: true,
      read: async () => ({ contentType: metrics.contentType, body: await metrics.text() }),
    },
    clock,
    logger,
    metrics,
    settings: { version: parts.version, publicUrl: parts.publicUrl },
  });
  const { host, port } = config.listen;
  try {
    await app.listen({ host, port: parts.listenPort });
  } catch (error) {
    await app.close();
    throw listenError(error, `${host}:${port}`);
  }
  closers.add("api", () => app.close());

  const schedules = new ScheduleRunner({ store, repositories, pipelines, clock, logger });
  schedules.start();
  closers.add("schedules", () => schedules.stop());
  return pipelines;
}

export function listenError(error: unknown, address: string): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const why =
    code === "EADDRINUSE"
      ? "another program listens there"
      : code === "EACCES"
        ? "this user may not listen there"
        : code === "EADDRNOTAVAIL" || code === "ENOTFOUND"
          ? "this machine has no such address"
          : undefined;
  if (why === undefined) return error;
  return new ExecError("Permanent", `Cannot listen on ${address}: ${why}. Choose another with --listen.`, {
    cause: error,
  });
}
