import type { JsonObject } from "../../json.ts";

/** Which file a job was written in, as `job.workflow_*` tells it. */
export interface WorkflowPlace {
  readonly ref: string;
  readonly sha: string;
  /** `owner/repo` */
  readonly repository: string;
  /** From the root of the repository; empty where it cannot be told. */
  readonly path: string;
}

/** Reads `github.job_workflow_ref`, else `github.workflow_ref`: `owner/repo/path/of/file.yml@ref`. */
export function workflowPlace(github: JsonObject): WorkflowPlace {
  const ref = text(github.job_workflow_ref) || text(github.workflow_ref);
  const sha = text(github.job_workflow_sha) || text(github.workflow_sha);
  const [, repository = "", path = ""] = /^([^/]+\/[^/]+)\/([^@]+)@/.exec(ref) ?? [];
  return { ref, sha, repository, path };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
