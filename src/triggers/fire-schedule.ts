import { ExecError } from "../errors.ts";
import type { Principal } from "../identity/principal.ts";
import { nextRun } from "../spec/triggers/next-run.ts";
import type { PipelineRecord } from "../store/project-record.ts";
import type { ScheduleRecord } from "../store/schedule-store.ts";
import type { ScheduleParts } from "./schedule-parts.ts";
import { scheduledBuildId } from "./scheduled-build-id.ts";
import { syncSchedules } from "./sync-schedules.ts";

/** Who starts the builds of schedules. */
export const SCHEDULER: Principal = {
  kind: "system",
  id: "schedule",
  name: "schedule",
  permissions: ["project:write"],
};

/** The last time a `Date` can tell. */
const NEVER = 8.64e15;

/**
 * Starts the build of a schedule that is due, and then moves the schedule on, past all times that were missed. In this
 * order, as the build's id belongs to the schedule and its time: whoever does it again, here or on another server, finds
 * the build there. Rejects where it must be tried again; the schedule is then due as before.
 */
export async function fireSchedule(parts: ScheduleParts, schedule: ScheduleRecord): Promise<void> {
  const { store, pipelines, clock, logger } = parts;
  const about = { scheduleId: schedule.id, pipelineId: schedule.pipelineId, cron: schedule.cron };
  const pipeline = await unlessGone(store.projects.getPipeline(schedule.pipelineId));
  if (pipeline === undefined) {
    await store.schedules.replace(schedule.pipelineId, []);
    return;
  }
  if (!(await isStillWanted(parts, pipeline, schedule))) return;
  try {
    const build = await pipelines.startPipelineBuild(SCHEDULER, {
      projectId: pipeline.projectId,
      pipeline: pipeline.id,
      event: "schedule",
      trigger: "schedule",
      schedule: schedule.cron,
      buildId: scheduledBuildId(schedule.id, schedule.nextAt),
    });
    logger.info({ ...about, buildId: build.id, dueAt: schedule.nextAt }, "a schedule has started a build");
  } catch (error) {
    if (!(error instanceof ExecError) || error.retryable) throw error;
    // It would fail again: the file has mistakes, say. The next time it comes due it may be mended.
    logger.warn({ ...about, error: error.message }, "a schedule could not start its build");
  }
  const following = nextRun(schedule.cron, schedule.timezone, new Date(clock.now()))?.getTime() ?? NEVER;
  await store.schedules.fire(schedule.id, schedule.nextAt, following);
}

/** The file may have changed since it was looked at, and another server may have fired it. */
async function isStillWanted(
  parts: ScheduleParts,
  pipeline: PipelineRecord,
  { id, nextAt }: ScheduleRecord,
): Promise<boolean> {
  const { store } = parts;
  const project = await store.projects.getProject(pipeline.projectId);
  await syncSchedules(parts, project, pipeline).catch((error: unknown) => {
    // What is wrong with the repository is told by the start of the build.
    if (!(error instanceof ExecError) || error.retryable) throw error;
  });
  const now = await store.schedules.list(pipeline.id);
  return now.some((schedule) => schedule.id === id && schedule.nextAt === nextAt);
}

async function unlessGone<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof ExecError && error.code === "NotFound") return undefined;
    throw error;
  }
}
