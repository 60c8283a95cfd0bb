/** When pipelines with `on.schedule` fire next. */
export interface ScheduleStore {
  /** Sets a pipeline's schedules to these; those that stay keep their `nextAt`. */
  replace(pipelineId: string, schedules: readonly NewSchedule[]): Promise<void>;
  list(pipelineId: string): Promise<readonly ScheduleRecord[]>;
  due(now: number, limit: number): Promise<readonly ScheduleRecord[]>;
  /** Moves a due one on. True for exactly one caller for each `nextAt`. */
  fire(id: string, nextAt: number, following: number): Promise<boolean>;
}

export interface NewSchedule {
  readonly cron: string;
  /** IANA name; `UTC` where the file names none. */
  readonly timezone: string;
  readonly nextAt: number;
}

export interface ScheduleRecord extends NewSchedule {
  readonly id: string;
  readonly pipelineId: string;
}
