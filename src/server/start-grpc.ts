import { startGrpcServer } from "../api/grpc/start-grpc-server.ts";
import type { ExecutorService } from "../builds/service/executor-service.ts";
import type { Address } from "../config/setting.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import type { PipelineService } from "../pipelines/pipeline-service.ts";
import type { SharedParts } from "./shared-parts.ts";

export interface GrpcServices {
  readonly executor: ExecutorService | undefined;
  readonly pipelines: PipelineService | undefined;
  readonly authenticator: Authenticator;
}

/** How long calls under way may take when the server stops. */
const CLOSE_LIMIT_MS = 5_000;

/** Serves what this process has of the two services over gRPC. */
export async function startGrpc(
  parts: SharedParts,
  { host, port }: Address,
  services: GrpcServices,
): Promise<void> {
  const { store, clock, logger, metrics, closers } = parts;
  const { executor, pipelines, authenticator } = services;
  const projectOfStep = async (stepId: string) =>
    (await store.builds.get((await store.builds.step(stepId)).buildId)).projectId;
  const server = await startGrpcServer({
    host,
    port,
    pipelines,
    executor: executor === undefined ? undefined : { executor, projectOfStep },
    credentials: authenticator,
    clock,
    logger,
    metrics,
  });
  logger.info({ address: server.url }, "gRPC is served");
  closers.add("grpc", () => server.close(CLOSE_LIMIT_MS));
}
