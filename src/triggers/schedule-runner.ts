import type { PipelineRecord, ProjectRecord } from "../store/project-record.ts";
import { fireSchedule, SCHEDULER } from "./fire-schedule.ts";
import type { ScheduleParts } from "./schedule-parts.ts";
import { syncSchedules } from "./sync-schedules.ts";

const MINUTE_MS = 60_000;
/** Timers may call a moment early, and a schedule that is not due yet would wait for the next minute. */
const AFTER_MINUTE_MS = 25;
const DEFAULT_SYNC_MS = 5 * MINUTE_MS;
const MAX_DUE = 1_000;
const MAX_AT_ONCE = 4;

/**
 * Starts the builds of `on.schedule`: looks at the start of every minute for what is due, and at its own start for what
 * was missed, which fires once however often it was missed. Any number of servers may run one: a build is started once.
 */
export class ScheduleRunner {
  readonly #parts: ScheduleParts;
  #firing: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  #cancelFiring: () => void = () => {};
  #cancelSync: () => void = () => {};
  #isRunning = false;

  constructor(parts: ScheduleParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#isRunning = true;
    this.#fire();
    this.#sync();
  }

  /** Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#cancelFiring();
    this.#cancelSync();
    await Promise.all([this.#firing, this.#syncing]);
  }

  /** See `syncSchedules`: for whoever has just made or changed a pipeline. */
  syncSchedules(project: ProjectRecord, pipeline: PipelineRecord): Promise<void> {
    return syncSchedules(this.#parts, project, pipeline);
  }

  #fire(): void {
    const { clock } = this.#parts;
    this.#firing = this.#fireDue().finally(() => {
      if (!this.#isRunning) return;
      const untilMinute = MINUTE_MS - (clock.now() % MINUTE_MS) + AFTER_MINUTE_MS;
      this.#cancelFiring = clock.after(untilMinute, () => this.#fire());
    });
  }

  #sync(): void {
    const { clock, syncEveryMs = DEFAULT_SYNC_MS } = this.#parts;
    this.#syncing = this.#syncAll().finally(() => {
      if (this.#isRunning) this.#cancelSync = clock.after(syncEveryMs, () => this.#sync());
    });
  }

  /** What cannot be fired now is due again at the next minute. */
  async #fireDue(): Promise<void> {
    const { store, clock, logger } = this.#parts;
    try {
      const due = [...(await store.schedules.due(clock.now(), MAX_DUE))];
      const takeTurns = async () => {
        for (let schedule = due.shift(); schedule !== undefined && this.#isRunning; schedule = due.shift()) {
          const { id: scheduleId, pipelineId, cron } = schedule;
          await fireSchedule(this.#parts, schedule).catch((error: unknown) => {
            logger.warn({ scheduleId, pipelineId, cron, error }, "a schedule could not be fired yet");
          });
        }
      };
      await Promise.all(Array.from({ length: MAX_AT_ONCE }, takeTurns));
    } catch (error) {
      logger.warn({ error }, "schedules that are due could not be looked up");
    }
  }

  async #syncAll(): Promise<void> {
    const { store, logger } = this.#parts;
    let cursor: string | undefined;
    try {
      do {
        const page = await store.projects.listProjects({
          limit: 100,
          ...(cursor === undefined ? {} : { cursor }),
        });
        for (const project of page.items) {
          if (!this.#isRunning) return;
          await this.#syncProject(project);
        }
        cursor = page.next;
      } while (cursor !== undefined);
    } catch (error) {
      logger.warn({ error }, "the schedules of projects could not be looked up");
    }
  }

  async #syncProject(project: ProjectRecord): Promise<void> {
    const { pipelines, logger } = this.#parts;
    try {
      for (const pipeline of await pipelines.listPipelines(SCHEDULER, project.id)) {
        await this.syncSchedules(project, pipeline);
      }
    } catch (error) {
      logger.warn({ projectId: project.id, error }, "the schedules of a project could not be looked up");
    }
  }
}
