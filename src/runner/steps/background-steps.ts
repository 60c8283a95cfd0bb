import type { Job } from "../job.ts";
import { type RunStatus, worse } from "../job-status.ts";
import { DeferredEnv } from "../scope/env-scope.ts";
import { errorMessage } from "./error-message.ts";
import { performStep } from "./perform-step.ts";
import { checkJobStep, explainSkip, type JobStep, openJobStep } from "./run-job-step.ts";
import { announceEnd } from "./step-announcer.ts";
import { CANCELLED, FAILED, SKIPPED, type StepEnd } from "./step-end.ts";
import { StepExecution } from "./step-execution.ts";
import { hasOwnId } from "./step-unit.ts";

const MAX_AT_ONCE = 10;

interface Entry {
  readonly step: StepExecution;
  readonly env: DeferredEnv;
  readonly ended: Promise<void>;
  end?: StepEnd;
  waitedFor: boolean;
  /** A `cancel` step asked for its end: that it was cancelled does not count. */
  stopped: boolean;
  /** The wait for it had `continue-on-error`. */
  forgiven: boolean;
}

/**
 * The background steps of a job. Each runs beside the steps after it, at most ten at once; what it sets for others
 * (outputs, `GITHUB_ENV`, `GITHUB_PATH`, outcome) is seen once it was waited for. A cancel of the job interrupts all.
 */
export class BackgroundSteps {
  readonly #job: Job;
  readonly #entries = new Map<string, Entry>();
  readonly #waitingForSlot: (() => void)[] = [];
  #running = 0;

  constructor(job: Job) {
    this.#job = job;
  }

  /** Evaluates the step's condition now, and starts it as soon as there is a slot. `onStart`: it really runs. */
  async start(planned: JobStep, onStart: () => void): Promise<void> {
    const { condition, ...place } = planned;
    const env = new DeferredEnv(this.#job.env);
    const step = new StepExecution({ job: this.#job, ...place, env, deferred: true });
    const check = checkJobStep(step, condition);
    if (check.kind === "skip") {
      await explainSkip(step, condition);
      await announceEnd(this.#job, { ...SKIPPED, number: planned.number, durationMs: 0 });
      if (hasOwnId(planned.unit)) this.#job.steps.setEnd(planned.unit.id, "skipped", "skipped");
      return;
    }
    const entry: Entry = {
      step,
      env,
      ended: this.#run(step, check.kind === "broken" ? check.error : undefined, onStart).then((end) => {
        entry.end = end;
      }),
      waitedFor: false,
      stopped: false,
      forgiven: false,
    };
    this.#entries.set(key(planned.unit.id), entry);
  }

  /** For the log: names of these steps, or of all that were not waited for yet. Only such as were started. */
  select(ids?: readonly string[]): readonly string[] {
    const keys = ids?.map(key) ?? [...this.#entries.keys()];
    return keys.filter((id) => {
      const entry = this.#entries.get(id);
      return entry !== undefined && (ids !== undefined || !entry.waitedFor);
    });
  }

  nameOf(id: string): string {
    return this.#entries.get(key(id))?.step.name ?? id;
  }

  /** Waits, and lets the others see what the steps set. Returns the worst conclusion among them. */
  async wait(ids: readonly string[]): Promise<RunStatus> {
    const entries = this.#take(ids);
    await Promise.all(entries.map(({ ended }) => ended));
    for (const entry of entries) this.#publish(entry);
    return entries.reduce((status, { end }) => worse(status, end?.conclusion ?? "success"), SUCCESS);
  }

  /** Interrupts the steps and waits until they have ended. */
  async cancel(ids: readonly string[]): Promise<void> {
    for (const entry of this.#take(ids)) {
      entry.stopped = true;
      entry.step.interrupt("stopped");
    }
    this.#wakeInterrupted();
    await this.wait(ids);
  }

  conclusionOf(id: string): string {
    return this.#entries.get(key(id))?.end?.conclusion ?? "unknown";
  }

  forgive(ids: readonly string[]): void {
    for (const entry of this.#take(ids)) entry.forgiven = true;
  }

  /** Waits for whatever was not waited for. What the background steps mean for the job. */
  async settle(): Promise<RunStatus> {
    await this.wait(this.select());
    return [...this.#entries.values()].reduce((status, { end, stopped, forgiven }) => {
      const ended = end?.conclusion ?? "success";
      if (forgiven || (stopped && ended === "cancelled")) return status;
      return worse(status, ended);
    }, SUCCESS);
  }

  #take(ids: readonly string[]): Entry[] {
    return ids.map((id) => this.#entries.get(key(id))).filter((entry) => entry !== undefined);
  }

  #publish(entry: Entry): void {
    if (entry.waitedFor || entry.end === undefined) return;
    entry.waitedFor = true;
    entry.env.flush();
    const { unit } = entry.step.place;
    if (!hasOwnId(unit)) return;
    for (const [name, value] of entry.step.outputs) this.#job.steps.setOutput(unit.id, name, value);
    this.#job.steps.setEnd(unit.id, entry.end.outcome, entry.end.conclusion);
  }

  async #run(step: StepExecution, broken: unknown, onStart: () => void): Promise<StepEnd> {
    const { clock, tools } = this.#job;
    const { cancellation } = tools;
    if (cancellation.cause !== undefined) step.interrupt("cancelled");
    const settle = cancellation.onCancel(() => {
      step.interrupt("cancelled");
      this.#wakeInterrupted();
    });
    await this.#slot(step);
    if (cancellation.killed.aborted) step.interrupt("cancelled");
    const startedAt = clock.monotonic();
    let end: StepEnd = CANCELLED;
    // It was interrupted while it stood in the queue, or before.
    const runs = step.interruption === undefined;
    try {
      if (runs) {
        onStart();
        openJobStep(step);
        end = broken === undefined ? await performStep(step) : tellBroken(step, broken);
        await step.log.close();
      }
    } finally {
      settle();
      this.#release();
    }
    const durationMs = runs ? clock.monotonic() - startedAt : 0;
    await announceEnd(this.#job, { ...end, number: step.place.number, durationMs, execution: step });
    return end;
  }

  /** Waits for one of the slots; a step that is interrupted needs none, but takes one for the moment it ends in. */
  async #slot(step: StepExecution): Promise<void> {
    while (this.#running >= MAX_AT_ONCE && step.interruption === undefined) {
      await new Promise<void>((resolve) => this.#waitingForSlot.push(resolve));
    }
    this.#running++;
  }

  #release(): void {
    this.#running--;
    this.#waitingForSlot.shift()?.();
  }

  #wakeInterrupted(): void {
    for (const wake of this.#waitingForSlot.splice(0)) wake();
  }
}

const SUCCESS: RunStatus = "success";

/** Ids are the same in any case. */
function key(id: string): string {
  return id.toLowerCase();
}

function tellBroken(step: StepExecution, error: unknown): StepEnd {
  step.fail(errorMessage(error));
  return FAILED;
}
