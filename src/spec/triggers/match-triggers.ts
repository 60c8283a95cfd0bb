import { ExecError } from "../../errors.ts";
import type { TriggerSpec } from "../workflow-spec.ts";
import { selectNames } from "./match-patterns.ts";
import { findSkipInstruction } from "./skip-instruction.ts";
import type { TriggerEvent } from "./trigger-event.ts";

export interface TriggerMatch {
  readonly starts: boolean;
  /** Why, or why not, for a person. */
  readonly reason: string;
}

/** Events that the head commit's message can stop. */
const SKIPPABLE = new Set(["push", "pull_request", "mr"]);
/** The activities that start a pipeline which names no `types`; of other events every activity does. */
const DEFAULT_TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ["pull_request", ["opened", "synchronize", "reopened"]],
  ["pull_request_target", ["opened", "synchronize", "reopened"]],
  ["mr", ["opened", "synchronize", "reopened"]],
]);

/**
 * Does this event start a pipeline with these triggers? By GitHub's rules. What the event does not tell (an unknown
 * branch, activity or list of changed files) stands in no filter's way. A malformed pattern starts nothing.
 */
export function matchTriggers(on: readonly TriggerSpec[], event: TriggerEvent): TriggerMatch {
  const triggers = on.filter((trigger) => trigger.event === event.name);
  if (triggers.length === 0) {
    const known = [...new Set(on.map((trigger) => trigger.event))].join(", ");
    return no(`'${event.name}' is not among its triggers (${known === "" ? "it has none" : known})`);
  }
  const skip = SKIPPABLE.has(event.name) ? findSkipInstruction(event.headMessage ?? "") : undefined;
  if (skip !== undefined) return no(`the commit message says '${skip}'`);
  const matches = triggers.map((trigger) => matchTrigger(trigger, event));
  return matches.find(({ starts }) => starts) ?? matches[0] ?? no("");
}

function matchTrigger(trigger: TriggerSpec, event: TriggerEvent): TriggerMatch {
  try {
    const objection =
      typesObjection(trigger, event) ??
      workflowsObjection(trigger, event) ??
      scheduleObjection(trigger, event) ??
      refObjection(trigger, event) ??
      pathsObjection(trigger, event);
    return objection === undefined ? { starts: true, reason: whatHappened(event) } : no(objection);
  } catch (error) {
    if (error instanceof ExecError && error.code === "InvalidSpec") return no(error.message);
    throw error;
  }
}

function typesObjection({ types }: TriggerSpec, { name, action }: TriggerEvent): string | undefined {
  const wanted = types ?? DEFAULT_TYPES.get(name);
  if (!wanted || action === undefined || wanted.includes(action)) return undefined;
  return `activity '${action}' is none of ${wanted.join(", ")}`;
}

function workflowsObjection({ workflows }: TriggerSpec, { workflow }: TriggerEvent): string | undefined {
  if (!workflows || workflow === undefined || workflows.includes(workflow)) return undefined;
  return `workflow '${workflow}' is none of ${workflows.join(", ")}`;
}

function scheduleObjection({ schedules }: TriggerSpec, { schedule }: TriggerEvent): string | undefined {
  if (!schedules || schedule === undefined) return undefined;
  const words = (cron: string) => cron.trim().split(/\s+/).join(" ");
  if (schedules.some(({ cron }) => words(cron) === words(schedule))) return undefined;
  return `schedule '${schedule}' is none of ${schedules.map(({ cron }) => `'${cron}'`).join(", ")}`;
}

function refObjection(trigger: TriggerSpec, event: TriggerEvent): string | undefined {
  if (event.name === "push") return pushObjection(trigger, event);
  const branch = event.name === "workflow_run" ? event.headBranch : event.baseBranch;
  return branch === undefined ? undefined : branchObjection(trigger, branch);
}

/** A push that names only branches is not for tags, and the other way round. */
function pushObjection(trigger: TriggerSpec, event: TriggerEvent): string | undefined {
  if (event.deleted) return "the push deletes its branch or tag";
  const { ref } = event;
  if (ref === undefined) return undefined;
  const forBranches = trigger.branches !== undefined || trigger.branchesIgnore !== undefined;
  const forTags = trigger.tags !== undefined || trigger.tagsIgnore !== undefined;
  const tag = tagOf(ref);
  if (tag === undefined) {
    const branch = branchOf(ref);
    if (!forBranches && forTags) return `branch '${branch}' was pushed, and only tags start it`;
    return branchObjection(trigger, branch);
  }
  if (!forTags && forBranches) return `tag '${tag}' was pushed, and only branches start it`;
  return nameObjection("tag", tag, trigger.tags, trigger.tagsIgnore);
}

function branchObjection({ branches, branchesIgnore }: TriggerSpec, branch: string): string | undefined {
  return nameObjection("branch", branch, branches, branchesIgnore);
}

function nameObjection(
  kind: "branch" | "tag",
  name: string,
  wanted: readonly string[] | undefined,
  ignored: readonly string[] | undefined,
): string | undefined {
  if (wanted && selectNames(wanted, [name]).length === 0) {
    return `${kind} '${name}' matches none of ${wanted.join(", ")}`;
  }
  if (ignored && selectNames(ignored, [name]).length > 0)
    return `${kind} '${name}' is ignored by ${ignored.join(", ")}`;
  return undefined;
}

/** Pushed tags are not asked for their files. */
function pathsObjection({ paths, pathsIgnore }: TriggerSpec, event: TriggerEvent): string | undefined {
  const { changedPaths } = event;
  if (!changedPaths || (event.ref !== undefined && tagOf(event.ref) !== undefined)) return undefined;
  if (paths && selectNames(paths, changedPaths).length === 0) {
    const [only, ...others] = changedPaths;
    const which =
      only !== undefined && others.length === 0
        ? `the changed file '${only}' does not match`
        : `none of the ${changedPaths.length} changed files matches`;
    return `${which} ${paths.join(", ")}`;
  }
  if (pathsIgnore && selectNames(pathsIgnore, changedPaths).length === changedPaths.length) {
    return `all ${changedPaths.length} changed files are ignored by ${pathsIgnore.join(", ")}`;
  }
  return undefined;
}

function whatHappened(event: TriggerEvent): string {
  const { name, action, ref, baseBranch, schedule } = event;
  if (name === "push" && ref !== undefined) {
    const tag = tagOf(ref);
    return tag === undefined ? `push to branch '${branchOf(ref)}'` : `push of tag '${tag}'`;
  }
  const onto = baseBranch === undefined ? "" : ` onto branch '${baseBranch}'`;
  if (action !== undefined) return `${name} '${action}'${onto}`;
  return schedule === undefined ? `${name}${onto}` : `${name} '${schedule}'`;
}

function tagOf(ref: string): string | undefined {
  return ref.startsWith("refs/tags/") ? ref.slice("refs/tags/".length) : undefined;
}

function branchOf(ref: string): string {
  return ref.replace(/^refs\/heads\//, "");
}

function no(reason: string): TriggerMatch {
  return { starts: false, reason };
}
