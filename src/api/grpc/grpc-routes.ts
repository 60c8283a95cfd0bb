import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import type { PipelineService as Pipelines } from "../../pipelines/pipeline-service.ts";
import { type ExecutorRoutesOptions, executorRoutes } from "./executor-routes.ts";
import { ExecutorService } from "./gen/ci/v1/executor_pb.ts";
import { PipelineService } from "./gen/ci/v1/pipeline_pb.ts";
import { Health } from "./gen/grpc/health/v1/health_pb.ts";
import { GrpcHealth } from "./grpc-health.ts";
import { pipelineRoutes } from "./pipeline-routes.ts";
import { reflectionRoutes } from "./reflection-routes.ts";

/** The services that this process offers. */
export interface OfferedServices {
  readonly pipelines?: Pipelines | undefined;
  readonly executor?: Omit<ExecutorRoutesOptions, "clock"> | undefined;
}

export interface GrpcRoutes {
  readonly routes: (router: ConnectRouter) => void;
  readonly health: GrpcHealth;
}

export function grpcRoutes(offered: OfferedServices, clock: ExecutorRoutesOptions["clock"]): GrpcRoutes {
  const { pipelines, executor } = offered;
  const services: DescService[] = [
    ...(pipelines === undefined ? [] : [PipelineService]),
    ...(executor === undefined ? [] : [ExecutorService]),
  ];
  const health = new GrpcHealth(services.map(({ typeName }) => typeName));
  return {
    health,
    routes(router) {
      if (pipelines !== undefined) router.service(PipelineService, pipelineRoutes(pipelines));
      if (executor !== undefined) router.service(ExecutorService, executorRoutes({ ...executor, clock }));
      router.service(Health, health.routes());
      reflectionRoutes(router, [...services, Health]);
    },
  };
}
