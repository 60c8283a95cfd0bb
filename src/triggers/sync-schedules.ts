import { parsePipeline } from "../spec/parse-pipeline.ts";
import { nextRun } from "../spec/triggers/next-run.ts";
import type { PipelineRecord, ProjectRecord } from "../store/project-record.ts";
import type { NewSchedule } from "../store/schedule-store.ts";
import type { ScheduleParts } from "./schedule-parts.ts";

/**
 * Sets a pipeline's schedules to those of its file at the newest commit of the default branch; none where the file is
 * gone or the pipeline is disabled. While the file has mistakes, those it had stay. Errors as of `Repositories.resolve`.
 */
export async function syncSchedules(
  { store, repositories, clock, logger }: Pick<ScheduleParts, "store" | "repositories" | "clock" | "logger">,
  project: ProjectRecord,
  pipeline: PipelineRecord,
): Promise<void> {
  if (!pipeline.enabled) {
    await store.schedules.replace(pipeline.id, []);
    return;
  }
  const { sha } = await repositories.resolve(project, "HEAD");
  const content = await repositories.readFile(project, sha, pipeline.path);
  const wanted = content === undefined ? [] : readSchedules(pipeline.path, content, clock.now());
  if (wanted === undefined) {
    logger.warn(
      { projectId: project.id, pipelineId: pipeline.id, path: pipeline.path, sha },
      "the schedules of a pipeline stay as they were: its file has mistakes",
    );
    return;
  }
  await store.schedules.replace(pipeline.id, wanted);
}

/** Undefined: the file cannot be read. A line that never comes due is left out. */
function readSchedules(path: string, content: string, now: number): NewSchedule[] | undefined {
  const { spec } = parsePipeline({ path, content });
  if (spec === undefined) return undefined;
  return spec.on
    .flatMap(({ event, schedules = [] }) => (event === "schedule" ? schedules : []))
    .flatMap(({ cron, timezone = "UTC" }) => {
      const next = nextRun(cron, timezone, new Date(now));
      return next === undefined ? [] : [{ cron, timezone, nextAt: next.getTime() }];
    });
}
