import type { LogSink } from "../../logs/log-sink.ts";
import type { StepAddedFrame, StepFinishedFrame } from "../../protocol/frame.ts";
import type { Masker } from "../../runner/output/masker.ts";
import { type Conclusion, isFinal, type Status, statusOfConclusion } from "../../status.ts";
import type { BuildChange, NewStep, StepDetails } from "../../store/build-change.ts";
import type { StepRecord } from "../../store/job-record.ts";
import type { JobRow } from "./build-rows.ts";
import { derivedId } from "./derived-id.ts";
import { legalMoves } from "./legal-moves.ts";
import { StepLog } from "./step-log.ts";
import type { Patience } from "./until-reached.ts";

export interface AttemptStepsOptions {
  readonly buildId: string;
  readonly row: Pick<JobRow, "id" | "createdAt">;
  /** Of the lease: see `#add`. */
  readonly fence: number;
  readonly logs: LogSink;
  readonly masker: Masker;
  readonly patience: Patience;
}

export interface AttemptStep {
  readonly id: string;
  readonly log: StepLog;
  status: Status;
  name: string;
  startedAt: number | undefined;
  /** Its end was told, and is on its way into the records. */
  ended: boolean;
}

/** The steps of one attempt at a job, as the records have or will have them. Step 0 is the job's own log. */
export class AttemptSteps {
  readonly #options: AttemptStepsOptions;
  readonly #steps = new Map<number, AttemptStep>();

  constructor(options: AttemptStepsOptions) {
    this.#options = options;
  }

  restore(records: readonly StepRecord[]): void {
    for (const { number, id, status, name, startedAt } of records) {
      const ended = isFinal(status);
      this.#steps.set(number, { id, log: this.#log(id), status, name, startedAt, ended });
    }
  }

  /** Steps of which the end has not been told. */
  get open(): readonly AttemptStep[] {
    return [...this.#steps.values()].filter(({ ended }) => !ended);
  }

  /** The step, with what makes it known where it was not: frames may get lost. */
  get(number: number, at: number): { readonly step: AttemptStep; readonly changes: readonly BuildChange[] } {
    const known = this.#steps.get(number);
    if (known !== undefined) return { step: known, changes: [] };
    const own = number === 0;
    const added = this.#add(number, {
      name: own ? "Job" : `Step ${number}`,
      stage: own ? "job" : "main",
      type: own ? "job" : "run",
      background: false,
    });
    return { step: added.step, changes: [added.change, ...this.move(added.step, "running", at)] };
  }

  add({
    step: number,
    id,
    name,
    stage,
    action,
    background,
    line,
    parent,
  }: StepAddedFrame): readonly BuildChange[] {
    if (this.#steps.has(number)) return [];
    const { change } = this.#add(number, {
      name,
      stage,
      type: action,
      background,
      ...(id === undefined ? {} : { stepId: id }),
      ...(line === undefined ? {} : { line }),
      ...(parent === undefined ? {} : { parent }),
    });
    return [change];
  }

  move(step: AttemptStep, to: Status, at: number, details: StepDetails = {}): BuildChange[] {
    const moves = legalMoves(step.status, to);
    if (moves.length === 0 && Object.keys(details).length === 0) return [];
    if (moves.includes("running")) step.startedAt = at;
    step.status = moves.at(-1) ?? step.status;
    if (details.name !== undefined) step.name = details.name;
    const last = moves.at(-1);
    return [
      ...moves.slice(0, -1).map((each) => ({ kind: "step-changed", step: step.id, to: each, at }) as const),
      { kind: "step-changed", step: step.id, ...(last === undefined ? {} : { to: last }), at, ...details },
    ];
  }

  finish(step: AttemptStep, frame: StepFinishedFrame, at: number): BuildChange[] {
    const { outcome, conclusion, exitCode, signal, error, durationMs } = frame;
    return this.move(step, statusOfConclusion(conclusion), at, {
      outcome,
      conclusion,
      durationMs,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
      ...(error === undefined ? {} : { error }),
    });
  }

  /**
   * The job has ended: so have its steps, those that never began without having run. `error` says of those that ran why
   * nobody knows their own end; absent: the job was told to end.
   */
  close(outcome: Conclusion, at: number, error: string | undefined): BuildChange[] {
    return this.open.flatMap((step) => {
      step.ended = true;
      if (step.status === "pending") return this.move(step, "skipped", at, ended("skipped"));
      if (step === this.#steps.get(0))
        return this.move(step, statusOfConclusion(outcome), at, ended(outcome));
      const own = outcome === "cancelled" ? "cancelled" : "failure";
      const why = error === undefined ? {} : { error };
      return this.move(step, statusOfConclusion(own), at, { ...ended(own), ...why });
    });
  }

  #add(
    number: number,
    step: Omit<NewStep, "id" | "buildId" | "jobId" | "number">,
  ): { readonly step: AttemptStep; readonly change: BuildChange } {
    const { buildId, row, fence } = this.#options;
    // Logs are written beside the journal: a worker that died may have written some of an attempt of which the records do
    // not know yet that it began, and which begins again here. What it wrote must not be taken for this one's.
    const id = derivedId(row.id, `step of ${fence}`, number, row.createdAt);
    const known: AttemptStep = {
      id,
      log: this.#log(id),
      status: "pending",
      name: step.name,
      startedAt: undefined,
      ended: false,
    };
    this.#steps.set(number, known);
    return {
      step: known,
      change: { kind: "step-added", step: { id, buildId, jobId: row.id, number, ...step } },
    };
  }

  #log(id: string): StepLog {
    const { buildId, logs, masker, patience } = this.#options;
    return new StepLog({ type: "step", id, buildId }, logs, masker, patience);
  }
}

function ended(conclusion: Conclusion): StepDetails {
  return { outcome: conclusion, conclusion };
}
