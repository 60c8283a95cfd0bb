/** A job as the artifact, cache and OIDC services know it. */
import type { JsonObject } from "../json.ts";
import type { PermissionsSpec } from "../spec/workflow-spec.ts";

export interface ServiceJob {
  readonly buildId: string;
  /** As in `JobRequest.jobKey`. */
  readonly jobKey: string;
  /** Counted from 1. A later attempt replaces the artifacts an earlier attempt of the same job made. */
  readonly attempt: number;
  /** The job's `github` context: repository, ref, base_ref, event and the rest decide cache scopes and OIDC claims. */
  readonly github: JsonObject;
  /** Those of the job, else of the workflow. Only `id-token: write` (or `write-all`) matters here. */
  readonly permissions?: PermissionsSpec;
  /** Name of the job's deployment environment, evaluated. */
  readonly environment?: string;
  /** What the job may do with caches; `write` (both) where absent. `read` is for code of strangers. */
  readonly cacheMode?: CacheMode;
  /** `owner/repo/path@ref` of the file that holds the job, where it is not the workflow's own. */
  readonly jobWorkflowRef?: string;
  readonly jobWorkflowSha?: string;
}

/** GitHub's words (`ACTIONS_CACHE_MODE`). */
export type CacheMode = "none" | "read" | "write" | "write-only";
