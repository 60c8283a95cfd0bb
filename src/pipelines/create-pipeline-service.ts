import { ExecError } from "../errors.ts";
import type { Principal } from "../identity/principal.ts";
import { newId } from "../new-id.ts";
import type { PipelineRecord } from "../store/project-record.ts";
import { addPipeline, discoverPipelines, pipelineName } from "./discover-pipelines.ts";
import { permittedProject } from "./permitted-project.ts";
import type { PipelineParts } from "./pipeline-parts.ts";
import type { CreatePipelineRequest, PipelineService } from "./pipeline-service.ts";
import { startBuild } from "./start-build.ts";

/** The PipelineService of this process. */
export function createPipelineService(parts: PipelineParts): PipelineService {
  const { projects } = parts.store;
  return {
    createPipeline: (caller, request) => createPipeline(parts, caller, request),

    async getPipeline(caller, projectId, pipeline) {
      const project = await permittedProject(projects, caller, "project:read", projectId);
      return projects.findPipeline(project.id, pipeline);
    },

    async listPipelines(caller, projectId) {
      const project = await permittedProject(projects, caller, "project:read", projectId);
      return discoverPipelines(parts, project);
    },

    startPipelineBuild: (caller, request) => startBuild(parts, caller, request),
  };
}

async function createPipeline(
  parts: PipelineParts,
  caller: Principal,
  request: CreatePipelineRequest,
): Promise<PipelineRecord> {
  const project = await permittedProject(parts.store.projects, caller, "project:write", request.projectId);
  const path = request.path.replace(/^(?:\.\/)+/, "");
  checkPath(path);
  const name = request.name?.trim();
  if (name === undefined) {
    const added = await addPipeline(parts, project, path, await pipelineName(parts, project, path));
    if (added !== undefined) return added;
    throw new ExecError("Conflict", `There is a pipeline for ${path} already.`);
  }
  if (name === "" || name.length > 200 || /\p{Cc}/u.test(name)) {
    throw new ExecError(
      "InvalidSpec",
      "A pipeline's name has 1 to 200 characters, none of them a control character.",
    );
  }
  const now = parts.clock.now();
  const id = newId(now);
  return parts.store.projects.createPipeline({
    id,
    projectId: project.id,
    name,
    path,
    enabled: true,
    createdAt: now,
    updatedAt: now,
  });
}

function checkPath(path: string): void {
  const isInside = path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  if (isInside && /\.ya?ml$/i.test(path) && !/\p{Cc}/u.test(path) && path.length <= 1_000) return;
  throw new ExecError(
    "InvalidSpec",
    "A pipeline's path names a .yml or .yaml file from the root of the repository: .workflows/ci.yml",
  );
}
