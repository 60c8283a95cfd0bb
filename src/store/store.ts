import type { AccessStore } from "./access-store.ts";
import type { ApprovalStore } from "./approval-store.ts";
import type { ArtifactStore } from "./artifact-store.ts";
import type { BuildStore } from "./build-store.ts";
import type { GroupStore } from "./group-store.ts";
import type { LogStore } from "./log-store.ts";
import type { ProjectStore } from "./project-store.ts";
import type { RequestStore } from "./request-store.ts";
import type { RunnerStore } from "./runner-store.ts";
import type { ScheduleStore } from "./schedule-store.ts";
import type { SlotStore } from "./slot-store.ts";
import type { WebhookStore } from "./webhook-store.ts";

/**
 * The records of a server, in SQLite or PostgreSQL. Every call is one transaction. Any number of processes share one
 * PostgreSQL; a SQLite file belongs to one process.
 *
 * Errors are `ExecError`: `NotFound`, `Conflict` (a lost race, a taken name, an illegal move), `InvalidSpec` (a bad
 * cursor), `Transient` (the engine cannot be reached now: try again), `QuotaExceeded` (the disk is full), `Permanent`.
 */
export interface Store {
  readonly engine: "sqlite" | "postgres";
  readonly access: AccessStore;
  readonly approvals: ApprovalStore;
  readonly artifacts: ArtifactStore;
  readonly builds: BuildStore;
  readonly groups: GroupStore;
  readonly logs: LogStore;
  readonly projects: ProjectStore;
  readonly requests: RequestStore;
  readonly runners: RunnerStore;
  readonly schedules: ScheduleStore;
  readonly slots: SlotStore;
  readonly webhooks: WebhookStore;

  /** Rejects with `Transient` where the engine does not answer. Gives its clock, in Unix milliseconds. */
  ping(): Promise<number>;
  /**
   * Copies the records, as they are at one moment from now on, into a file that is not there yet, while work goes on. Absent:
   * the engine has tools of its own for that.
   */
  copyTo?(file: string): Promise<void>;
  close(): Promise<void>;
}
