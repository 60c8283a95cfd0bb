import { type Client, createClient, encodeBinaryHeader } from "@connectrpc/connect";
import type { Principal } from "../../identity/principal.ts";
import type {
  CreatePipelineRequest,
  PipelineService as Pipelines,
  StartBuildRequest,
} from "../../pipelines/pipeline-service.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { PipelineRecord } from "../../store/project-record.ts";
import { CALLER_HEADER } from "./authenticate-calls.ts";
import { type CallSettings, call } from "./call.ts";
import { PipelineService } from "./gen/ci/v1/pipeline_pb.ts";
import { fromBuildMessage } from "./messages/build-message.ts";
import { callerToBytes, fromPipelineMessage, toStartBuild } from "./messages/pipeline-messages.ts";
import { required } from "./messages/scalars.ts";
import type { GrpcChannel } from "./open-grpc-channel.ts";

/** The PipelineService of another process, called with a service's credentials for whoever asks here. */
export class GrpcPipelineService implements Pipelines {
  readonly #client: Client<typeof PipelineService>;
  readonly #settings: CallSettings;

  constructor(channel: Pick<GrpcChannel, "transport">, settings: CallSettings) {
    this.#client = createClient(PipelineService, channel.transport);
    this.#settings = settings;
  }

  async createPipeline(caller: Principal, request: CreatePipelineRequest): Promise<PipelineRecord> {
    const { pipeline } = await call(this.#settings, (options) =>
      this.#client.createPipeline({ ...request }, { ...options, ...onBehalf(caller) }),
    );
    return fromPipelineMessage(pipeline);
  }

  async getPipeline(caller: Principal, projectId: string, name: string): Promise<PipelineRecord> {
    const { pipeline } = await call(this.#settings, (options) =>
      this.#client.getPipeline({ projectId, pipeline: name }, { ...options, ...onBehalf(caller) }),
    );
    return fromPipelineMessage(pipeline);
  }

  async listPipelines(caller: Principal, projectId: string): Promise<readonly PipelineRecord[]> {
    const { pipelines } = await call(this.#settings, (options) =>
      this.#client.listPipelines({ projectId }, { ...options, ...onBehalf(caller) }),
    );
    return pipelines.map(fromPipelineMessage);
  }

  async startPipelineBuild(caller: Principal, request: StartBuildRequest): Promise<BuildRecord> {
    const { build } = await call(this.#settings, (options) =>
      this.#client.startPipelineBuild(toStartBuild(request), { ...options, ...onBehalf(caller) }),
    );
    return fromBuildMessage(required(build, "build"));
  }
}

function onBehalf(caller: Principal): { readonly headers: { readonly [name: string]: string } } {
  return { headers: { [CALLER_HEADER]: encodeBinaryHeader(callerToBytes(caller)) } };
}
