/** Services whose answers a test writes, and a server that offers them. */
import type { ExecutorService } from "../../builds/service/executor-service.ts";
import { systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { Principal } from "../../identity/principal.ts";
import type { PipelineService } from "../../pipelines/pipeline-service.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import type { MetricLabels } from "../../telemetry/metrics.ts";
import { type GrpcServer, type GrpcServerOptions, startGrpcServer } from "./start-grpc-server.ts";

export const SERVICE_SECRET = "service-secret";

const PRINCIPALS: { readonly [bearer: string]: Principal } = {
  [SERVICE_SECRET]: { kind: "service", id: "service", name: "service", permissions: ["admin"] },
  admin: { kind: "token", id: "t0", name: "root", permissions: ["admin"] },
  writer: { kind: "token", id: "t1", name: "ada", permissions: ["project:write"], projectId: "p1" },
  reader: { kind: "token", id: "t2", name: "bob", permissions: ["project:read"], projectId: "p1" },
  stranger: { kind: "token", id: "t3", name: "eve", permissions: ["admin"], projectId: "p2" },
};

export const revoked = new Set<string>();

const credentials = {
  async authenticate(bearer: string | undefined): Promise<Principal> {
    const principal = bearer === undefined || revoked.has(bearer) ? undefined : PRINCIPALS[bearer];
    if (principal === undefined) throw new ExecError("Unauthorized", "This needs a token.");
    return principal;
  },
};

function unscripted(): never {
  throw new Error("this call was not expected");
}

function scriptedExecutor(script: Partial<ExecutorService>): ExecutorService {
  return {
    createBuild: unscripted,
    getBuild: unscripted,
    listBuilds: unscripted,
    watchBuild: unscripted,
    streamLogs: unscripted,
    cancelBuild: unscripted,
    rerunBuild: unscripted,
    decide: unscripted,
    ...script,
  };
}

function scriptedPipelines(script: Partial<PipelineService>): PipelineService {
  return {
    createPipeline: unscripted,
    getPipeline: unscripted,
    listPipelines: unscripted,
    startPipelineBuild: unscripted,
    ...script,
  };
}

export interface Offered {
  readonly executor?: Partial<ExecutorService>;
  readonly pipelines?: Partial<PipelineService>;
  readonly options?: Partial<GrpcServerOptions>;
}

export interface ScriptedServer extends GrpcServer {
  /** Labels of each call that ended. */
  readonly calls: MetricLabels[];
}

export async function startScripted({ executor, pipelines, options }: Offered): Promise<ScriptedServer> {
  const calls: MetricLabels[] = [];
  const server = await startGrpcServer({
    host: "127.0.0.1",
    port: 0,
    credentials,
    clock: systemClock,
    logger: silentLogger,
    metrics: {
      count() {},
      set() {},
      observe(name, _value, labels = {}) {
        if (name === "slipway_rpc_request_seconds") calls.push(labels);
      },
    },
    executor:
      executor === undefined
        ? undefined
        : {
            executor: scriptedExecutor(executor),
            projectOfStep: async (stepId) => {
              if (stepId === "s1") return "p1";
              throw new ExecError("NotFound", "There is no such step.");
            },
          },
    pipelines: pipelines === undefined ? undefined : scriptedPipelines(pipelines),
    ...options,
  });
  return { ...server, calls };
}
