import { defaultAction } from "../../github-context/event-payload.ts";
import { suggest } from "../../spec/suggest.ts";
import { matchTriggers, type TriggerMatch } from "../../spec/triggers/match-triggers.ts";
import type { TriggerEvent } from "../../spec/triggers/trigger-event.ts";
import type { TriggerSpec, WorkflowSpec } from "../../spec/workflow-spec.ts";
import { UsageError } from "../usage-error.ts";

export interface Candidate {
  readonly file: string;
  readonly spec: WorkflowSpec;
}

export interface Wish {
  /** A file was named: it runs whatever its filters say. */
  readonly named: boolean;
  /** Ids of jobs; empty: all. */
  readonly jobs: readonly string[];
  /** Undefined: nobody said. */
  readonly event: string | undefined;
  /** The event as filters see it, for a pipeline. */
  readonly triggerFor: (event: string, candidate: Candidate) => TriggerEvent;
}

export interface ChosenPipeline<C extends Candidate> {
  readonly candidate: C;
  readonly event: string;
  /** The activity to run for, where the pipeline narrows it to others than the usual one. */
  readonly action: string | undefined;
  readonly schedule: string | undefined;
}

export interface Choice<C extends Candidate> {
  readonly chosen: readonly ChosenPipeline<C>[];
  /** Not started, and why. */
  readonly passed: readonly { readonly candidate: C; readonly reason: string }[];
  /** What a person should know about the choice. */
  readonly notes: readonly string[];
}

/** Which pipelines run, and for which event. Throws `UsageError` where the wish cannot be met or is ambiguous. */
export function choosePipelines<C extends Candidate>(candidates: readonly C[], wish: Wish): Choice<C> {
  if (wish.jobs.length > 0) return chooseByJobs(candidates, wish);
  if (wish.named)
    return {
      chosen: candidates.map((each) => asNamed(each, wish)),
      passed: [],
      notes: notesOf(candidates, wish),
    };
  const event = wish.event ?? "push";
  const matches = candidates.map((candidate) => ({ candidate, match: started(candidate, event, wish) }));
  return {
    chosen: matches.filter(({ match }) => match.starts).map(({ candidate }) => forEvent(candidate, event)),
    passed: matches
      .filter(({ match }) => !match.starts)
      .map(({ candidate, match }) => ({ candidate, reason: match.reason })),
    notes: [],
  };
}

function chooseByJobs<C extends Candidate>(candidates: readonly C[], wish: Wish): Choice<C> {
  const has = (candidate: C, id: string) => candidate.spec.jobs.some((job) => sameId(job.id, id));
  for (const id of wish.jobs) {
    if (candidates.some((candidate) => has(candidate, id))) continue;
    const ids = [...new Set(candidates.flatMap(({ spec }) => spec.jobs.map((job) => job.id)))];
    const meant = suggest(id, ids);
    const known = ids.length <= 20 ? `Jobs: ${ids.join(", ")}.` : "`slipway list` shows all jobs.";
    throw new UsageError(
      `There is no job "${id}".`,
      meant === undefined ? known : `Did you mean "${meant}"?`,
    );
  }
  let holders = candidates.filter((candidate) => wish.jobs.every((id) => has(candidate, id)));
  if (holders.length === 0)
    throw new UsageError(`No single pipeline has all of the jobs ${wish.jobs.join(", ")}.`);
  if (holders.length > 1 && !wish.named) {
    const byEvent = holders.filter((candidate) => started(candidate, wish.event ?? "push", wish).starts);
    if (byEvent.length !== 1) {
      throw new UsageError(
        `Several pipelines have the job "${wish.jobs.join('", "')}": ${holders.map(({ file }) => file).join(", ")}.`,
        `Say which: slipway run -W ${holders[0]?.file} -j ${wish.jobs[0]}`,
      );
    }
    holders = byEvent;
  }
  return { chosen: holders.map((each) => asNamed(each, wish)), passed: [], notes: notesOf(holders, wish) };
}

/** Job ids do not differ by case. */
export function sameId(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** The trigger of a pipeline for an event; a merge request of `.platform.yaml` is a pull request elsewhere. */
function triggerOf({ spec }: Candidate, event: string): TriggerSpec | undefined {
  const names = event === "mr" || event === "pull_request" ? ["pull_request", "mr"] : [event];
  return spec.on.find((trigger) => names.includes(trigger.event));
}

function started<C extends Candidate>(candidate: C, event: string, wish: Wish): TriggerMatch {
  const trigger = wish.triggerFor(event, candidate);
  // What the file calls the event is what its filters are held against.
  const name = triggerOf(candidate, event)?.event ?? trigger.name;
  return matchTriggers(candidate.spec.on, { ...trigger, name });
}

function asNamed<C extends Candidate>(candidate: C, { event }: Wish): ChosenPipeline<C> {
  const events = candidate.spec.on.map((trigger) => trigger.event);
  // Called workflows see the event of their caller: never workflow_call.
  const own = events.filter((name) => name !== "workflow_call");
  return forEvent(candidate, event ?? (own.includes("push") ? "push" : (own[0] ?? "push")));
}

function forEvent<C extends Candidate>(candidate: C, event: string): ChosenPipeline<C> {
  const trigger = triggerOf(candidate, event);
  const usual = defaultAction(event);
  const types = trigger?.types;
  const action = types === undefined || (usual !== undefined && types.includes(usual)) ? undefined : types[0];
  return { candidate, event, action, schedule: trigger?.schedules?.[0]?.cron };
}

function notesOf(candidates: readonly Candidate[], { event }: Wish): string[] {
  if (event === undefined) return [];
  return candidates
    .filter((candidate) => triggerOf(candidate, event) === undefined)
    .map(({ file, spec }) => {
      const events = spec.on.map((trigger) => trigger.event).join(", ");
      return `${file} is not started by ${event} (but by ${events || "nothing"}); it runs because it was asked for by name.`;
    });
}
