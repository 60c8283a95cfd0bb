import type { Principal } from "../identity/principal.ts";
import type { BuildRecord, BuildTrigger } from "../store/build-record.ts";
import type { PipelineRecord } from "../store/project-record.ts";

/**
 * Definitions, and the start of builds: the PipelineService of `proto/ci/v1/pipeline.proto`. Checks the caller's
 * permission itself.
 */
export interface PipelineService {
  /** Name and path must be free in the project (`Conflict`). The file need not exist yet. */
  createPipeline(caller: Principal, request: CreatePipelineRequest): Promise<PipelineRecord>;
  getPipeline(caller: Principal, projectId: string, pipeline: string): Promise<PipelineRecord>;
  /** Pipelines of the records, and files in the default branch that have none yet are added first. */
  listPipelines(caller: Principal, projectId: string): Promise<readonly PipelineRecord[]>;
  /**
   * Reads the file at the ref, checks it, and hands the build on. `NotFound` (no project, pipeline, ref or file),
   * `InvalidSpec` (every mistake in the file or the inputs), `Forbidden`, `Transient`.
   */
  startPipelineBuild(caller: Principal, request: StartBuildRequest): Promise<BuildRecord>;
}

export interface CreatePipelineRequest {
  readonly projectId: string;
  readonly name?: string;
  readonly path: string;
}

export interface StartBuildRequest {
  readonly projectId: string;
  /** Id, name or path. Absent: the only pipeline of the project. */
  readonly pipeline?: string;
  /** Branch, tag, full ref or commit; the default branch where absent. */
  readonly gitRef?: string;
  /** `workflow_dispatch` where absent. */
  readonly event?: string;
  readonly inputs?: { readonly [name: string]: string };
  /** Besides the project's own, and before them. */
  readonly vars?: { readonly [name: string]: string };
  /** With the event `schedule`: the cron line that is due (`github.event.schedule`). */
  readonly schedule?: string;
  /** `api` where absent. */
  readonly trigger?: BuildTrigger;
  readonly onlyJobs?: readonly string[];
  /** The caller's: the same id again gives the build that is there. Absent: a new one. */
  readonly buildId?: string;
}
