import { dirname, join } from "node:path";
import type { JsonObject } from "../../json.ts";
import type { JobContainers, JobDirectories, JobRequest } from "../../protocol/job-request.ts";
import { workflowPlace } from "./workflow-place.ts";

/** The contexts that stay the same while the job runs. */
export interface JobContexts {
  /** Without what belongs to a step: `action`, the paths of its files and so on. */
  readonly github: JsonObject;
  readonly runner: JsonObject;
  /** `job` without `status`. */
  readonly job: JsonObject;
}

export function eventPath({ temp, control }: JobDirectories): string {
  return join(control ?? temp, "_github_workflow", "event.json");
}

export function jobContexts(request: JobRequest, debug: boolean): JobContexts {
  const { contexts, directories, runner, jobId, containers } = request;
  const { workspace, temp, toolCache } = directories;
  const place = workflowPlace(contexts.github);
  return {
    github: {
      // Set to nothing outside pull requests, never absent: scripts under `set -u` read them.
      base_ref: "",
      head_ref: "",
      action_repository: "",
      action_ref: "",
      ...contexts.github,
      job: jobId,
      workspace,
      event_path: eventPath(directories),
    },
    runner: {
      os: runner.os,
      arch: runner.arch,
      name: runner.name,
      environment: runner.environment,
      tool_cache: toolCache,
      temp,
      workspace: dirname(workspace),
      ...(debug ? { debug: "1" } : {}),
    },
    job: {
      ...(containers?.job === undefined ? {} : { container: { ...containers.job } }),
      ...(containers === undefined ? {} : { services: servicesContext(containers) }),
      ...(place.ref === "" ? {} : { workflow_ref: place.ref }),
      ...(place.sha === "" ? {} : { workflow_sha: place.sha }),
      ...(place.repository === "" ? {} : { workflow_repository: place.repository }),
      ...(place.path === "" ? {} : { workflow_file_path: place.path }),
    },
  };
}

function servicesContext({ services }: JobContainers): JsonObject {
  return Object.fromEntries(
    Object.entries(services).map(([name, { id, network, ports }]) => [
      name,
      { id, network, ports: { ...ports } },
    ]),
  );
}
