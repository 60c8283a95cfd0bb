import type { Clock } from "../clock.ts";
import type { PipelineService } from "../pipelines/pipeline-service.ts";
import type { Repositories } from "../repositories/repositories.ts";
import type { ProjectStore } from "../store/project-store.ts";
import type { ScheduleStore } from "../store/schedule-store.ts";
import type { Logger } from "../telemetry/logger.ts";

/** What schedules work with. */
export interface ScheduleParts {
  readonly store: {
    readonly projects: Pick<ProjectStore, "getProject" | "getPipeline" | "listProjects">;
    readonly schedules: ScheduleStore;
  };
  readonly repositories: Pick<Repositories, "resolve" | "readFile">;
  readonly pipelines: Pick<PipelineService, "listPipelines" | "startPipelineBuild">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Between two looks at the files of all projects; 5 minutes where absent. */
  readonly syncEveryMs?: number;
}
