import type { BuildDecision } from "../build-decision.ts";
import type { BuildFact } from "../build-fact.ts";
import type { BuildMachine } from "../build-machine.ts";
import type { AcquireGroup } from "./group-places.ts";

type Decision<K extends BuildDecision["kind"]> = Extract<BuildDecision, { kind: K }>;

/** A job that was to be started and has not ended. */
export interface OutstandingJob {
  readonly decision: Decision<"start-job">;
  stop: Decision<"cancel-job" | "kill-job"> | undefined;
}

/**
 * What a build that is rebuilt from its facts had decided and has no answer to yet: what whoever resumes it has to do
 * again. Doing it twice does no harm.
 */
export class Outstanding {
  readonly groups = new Map<string, { readonly asked: AcquireGroup; granted: boolean }>();
  readonly loads = new Map<string, Decision<"load-workflow">>();
  readonly jobs = new Map<string, OutstandingJob>();
  end: Decision<"finish-build"> | undefined;

  replay(machine: BuildMachine, fact: BuildFact): void {
    this.#answer(fact);
    for (const decision of machine.apply(fact)) this.#decide(decision);
  }

  /** Nobody will ever bring a fact again. */
  get isEmpty(): boolean {
    return this.groups.size === 0 && this.loads.size === 0 && this.jobs.size === 0;
  }

  #answer(fact: BuildFact): void {
    if (fact.kind === "group-granted") {
      const group = this.groups.get(fact.holder);
      if (group !== undefined) group.granted = true;
    }
    if (fact.kind === "workflow-loaded" || fact.kind === "workflow-failed") this.loads.delete(fact.job);
    if (fact.kind === "job-ended") this.jobs.delete(fact.job);
  }

  #decide(decision: BuildDecision): void {
    switch (decision.kind) {
      case "add-job":
        break;
      case "acquire-group":
        this.groups.set(decision.holder, { asked: decision, granted: false });
        break;
      case "release-group":
        this.groups.delete(decision.holder);
        break;
      case "load-workflow":
        this.loads.set(decision.job, decision);
        break;
      case "start-job":
        this.jobs.set(decision.job.key, { decision, stop: undefined });
        break;
      case "cancel-job":
      case "kill-job": {
        const job = this.jobs.get(decision.job);
        if (job !== undefined) job.stop = decision;
        break;
      }
      case "finish-job":
        this.loads.delete(decision.job);
        break;
      case "finish-build":
        this.end = decision;
        break;
    }
  }
}
