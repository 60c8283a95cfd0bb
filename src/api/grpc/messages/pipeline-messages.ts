/** Messages of the PipelineService, both ways. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { ExecError } from "../../../errors.ts";
import { PERMISSIONS } from "../../../identity/permission.ts";
import type { Principal } from "../../../identity/principal.ts";
import type {
  CreatePipelineRequest as CreatePipeline,
  StartBuildRequest,
} from "../../../pipelines/pipeline-service.ts";
import type { PipelineRecord } from "../../../store/project-record.ts";
import {
  CallerSchema,
  type CreatePipelineRequest,
  type Pipeline,
  PipelineSchema,
  type StartPipelineBuildRequest,
  StartPipelineBuildRequestSchema,
} from "../gen/ci/v1/pipeline_pb.ts";
import { BUILD_TRIGGER, CALLER_KIND } from "./enums.ts";
import { present } from "./present.ts";
import { required, requiredTime, toTimestamp } from "./scalars.ts";

export function toPipelineMessage(pipeline: PipelineRecord): Pipeline {
  return create(PipelineSchema, {
    ...pipeline,
    createdAt: toTimestamp(pipeline.createdAt),
    updatedAt: toTimestamp(pipeline.updatedAt),
  });
}

export function fromPipelineMessage(message: Pipeline | undefined): PipelineRecord {
  const { $typeName: _, $unknown: __, ...pipeline } = required(message, "pipeline");
  return {
    ...pipeline,
    createdAt: requiredTime(pipeline.createdAt, "created_at"),
    updatedAt: requiredTime(pipeline.updatedAt, "updated_at"),
  };
}

export function fromCreatePipeline({ projectId, name, path }: CreatePipelineRequest): CreatePipeline {
  return present({ projectId, name, path });
}

export function toStartBuild(request: StartBuildRequest): StartPipelineBuildRequest {
  const { inputs = {}, vars = {}, trigger, onlyJobs = [], ...same } = request;
  const init: MessageInitShape<typeof StartPipelineBuildRequestSchema> = {
    ...same,
    inputs: { ...inputs },
    vars: { ...vars },
    onlyJobs: [...onlyJobs],
    ...present({ trigger: trigger === undefined ? undefined : BUILD_TRIGGER.toWire(trigger) }),
  };
  return create(StartPipelineBuildRequestSchema, init);
}

export function fromStartBuild(message: StartPipelineBuildRequest): StartBuildRequest {
  const { $typeName: _, $unknown: __, ...request } = message;
  return present({
    ...request,
    pipeline: message.pipeline,
    gitRef: message.gitRef,
    event: message.event,
    schedule: message.schedule,
    trigger: BUILD_TRIGGER.toWordIfAny(message.trigger),
    onlyJobs: message.onlyJobs.length === 0 ? undefined : message.onlyJobs,
    buildId: message.buildId,
  });
}

/** For the header in which a service says for whom it calls. */
export function callerToBytes(caller: Principal): Uint8Array {
  const init: MessageInitShape<typeof CallerSchema> = {
    ...caller,
    kind: CALLER_KIND.toWire(caller.kind),
    permissions: [...caller.permissions],
  };
  return toBinary(CallerSchema, create(CallerSchema, init));
}

/** Throws `InvalidSpec` where it is not what `callerToBytes` makes. */
export function callerFromBytes(bytes: Uint8Array): Principal {
  try {
    const { kind, id, name, permissions, projectId } = fromBinary(CallerSchema, bytes);
    return present({
      kind: CALLER_KIND.toWord(kind),
      id,
      name,
      permissions: permissions.map((each) =>
        required(
          PERMISSIONS.find((known) => known === each),
          each,
        ),
      ),
      projectId,
    });
  } catch (error) {
    throw new ExecError("InvalidSpec", "The header that names the caller cannot be read.", { cause: error });
  }
}
