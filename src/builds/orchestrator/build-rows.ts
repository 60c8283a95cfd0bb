import { newId } from "../../new-id.ts";
import type { Status } from "../../status.ts";
import type { BuildChange, JobDetails, NewJob } from "../../store/build-change.ts";
import type { JobRecord } from "../../store/job-record.ts";
import type { JobAdded } from "../build-decision.ts";
import { legalMoves } from "./legal-moves.ts";

/** A job's newest attempt in the records. */
export interface JobRow {
  readonly id: string;
  readonly kind: "job" | "group";
  readonly key: string;
  readonly attempt: number;
  readonly status: Status;
  readonly executor?: string;
  readonly executorRef?: string;
  readonly frameSeq: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  /** Why it waits. */
  readonly reason?: string;
}

interface KnownJob {
  readonly job: NewJob;
  row: JobRow;
}

/**
 * What the records hold, or will when what was written so far has arrived, of a build's jobs: enough to change them by
 * legal moves only. Its methods give the changes to be written.
 */
export class BuildRows {
  readonly buildId: string;
  readonly #jobs = new Map<string, KnownJob>();

  constructor(buildId: string) {
    this.buildId = buildId;
  }

  get latest(): readonly JobRow[] {
    return [...this.#jobs.values()].map(({ row }) => row);
  }

  get(key: string): JobRow | undefined {
    return this.#jobs.get(key)?.row;
  }

  /** From the records of a build that is resumed. */
  restore(records: readonly JobRecord[]): void {
    for (const record of records) {
      if ((this.get(record.key)?.attempt ?? 0) > record.attempt) continue;
      this.#jobs.set(record.key, { job: newJobOf(record), row: record });
    }
  }

  /** `queued`: it will be started as soon as there is room. Nothing for a job that is known. */
  add(added: JobAdded, at: number, options: { queued: boolean; carriedFrom?: string }): BuildChange[] {
    if (this.#jobs.has(added.job)) return [];
    const { job: key, ...rest } = added;
    const job: NewJob = {
      ...rest,
      id: newId(at),
      buildId: this.buildId,
      key,
      position: this.#jobs.size + 1,
      attempt: 1,
      createdAt: at,
      ...(options.carriedFrom === undefined ? {} : { carriedFrom: options.carriedFrom }),
    };
    const status = options.queued ? "queued" : "pending";
    this.#keep(job, status);
    return [{ kind: "job-added", job: options.queued ? { ...job, status } : job }];
  }

  /** Moves a job on, over the states between; without a move only its details change. Groups around it begin with it. */
  move(key: string, to: Status, at: number, given: JobDetails = {}): BuildChange[] {
    const known = this.#jobs.get(key);
    if (known === undefined) return [];
    const { row, job } = known;
    const steps = legalMoves(row.status, to);
    const status = steps.at(-1) ?? row.status;
    const starts = steps.includes("running");
    // What it waited for is over.
    const details: JobDetails =
      starts && row.reason !== undefined && row.reason !== "" ? { reason: "", ...given } : given;
    known.row = { ...row, ...details, status, ...(starts ? { startedAt: at } : {}) };
    const changes: BuildChange[] = [];
    const around = job.legOf ?? job.parent;
    if (starts && around !== undefined && this.get(around)?.status === "pending") {
      changes.push(...this.move(around, "running", at));
    }
    for (const step of steps.slice(0, -1)) changes.push({ kind: "job-changed", job: row.id, to: step, at });
    const last = steps.at(-1);
    changes.push({
      kind: "job-changed",
      job: row.id,
      ...(last === undefined ? {} : { to: last }),
      at,
      ...details,
    });
    return changes;
  }

  change(key: string, at: number, details: JobDetails): BuildChange[] {
    const status = this.get(key)?.status;
    return status === undefined ? [] : this.move(key, status, at, details);
  }

  /** The attempt has failed for no fault of its own, and another takes its place. */
  retry(key: string, at: number, error: string, reason: string): BuildChange[] {
    const known = this.#jobs.get(key);
    if (known === undefined) return [];
    const { job } = known;
    const end = { error, outcome: "failure", latest: false, infrastructureFailure: true } as const;
    const changes = this.move(key, "failed", at, end);
    const next: NewJob = { ...job, id: newId(at), attempt: known.row.attempt + 1, createdAt: at, reason };
    this.#keep(next, "pending");
    return [...changes, { kind: "job-added", job: next }];
  }

  #keep(job: NewJob, status: Status): void {
    const { id, kind, key, attempt, createdAt } = job;
    const { reason } = job;
    const why = reason === undefined ? {} : { reason };
    this.#jobs.set(key, { job, row: { id, kind, key, attempt, status, frameSeq: 0, createdAt, ...why } });
  }
}

function newJobOf(record: JobRecord): NewJob {
  const { id, buildId, key, jobId, name, kind, needs, position, attempt, createdAt } = record;
  const { parent, legOf, matrix } = record;
  return {
    ...{ id, buildId, key, jobId, name, kind, needs, position, attempt, createdAt },
    ...(parent === undefined ? {} : { parent }),
    ...(legOf === undefined ? {} : { legOf }),
    ...(matrix === undefined ? {} : { matrix }),
  };
}
