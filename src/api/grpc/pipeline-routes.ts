import type { ServiceImpl } from "@connectrpc/connect";
import type { PipelineService as Pipelines } from "../../pipelines/pipeline-service.ts";
import { callContext } from "./call-context.ts";
import type { PipelineService } from "./gen/ci/v1/pipeline_pb.ts";
import { toBuildMessage } from "./messages/build-message.ts";
import { fromCreatePipeline, fromStartBuild, toPipelineMessage } from "./messages/pipeline-messages.ts";

/** The PipelineService of this process for those who call it from others; it checks permissions itself. */
export function pipelineRoutes(pipelines: Pipelines): ServiceImpl<typeof PipelineService> {
  return {
    async createPipeline(message, context) {
      const { caller } = callContext(context);
      return {
        pipeline: toPipelineMessage(await pipelines.createPipeline(caller, fromCreatePipeline(message))),
      };
    },

    async getPipeline({ projectId, pipeline }, context) {
      const { caller } = callContext(context);
      return { pipeline: toPipelineMessage(await pipelines.getPipeline(caller, projectId, pipeline)) };
    },

    async listPipelines({ projectId }, context) {
      const { caller } = callContext(context);
      const all = await pipelines.listPipelines(caller, projectId);
      return { pipelines: all.map(toPipelineMessage) };
    },

    async startPipelineBuild(message, context) {
      const { caller } = callContext(context);
      return { build: toBuildMessage(await pipelines.startPipelineBuild(caller, fromStartBuild(message))) };
    },
  };
}
