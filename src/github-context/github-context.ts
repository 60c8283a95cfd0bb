import type { JsonObject } from "../json.ts";
import type { TriggerEvent } from "../spec/triggers/trigger-event.ts";
import { currentRef, defaultAction, eventPayload, type PayloadRequest } from "./event-payload.ts";
import { isJsonObject, jsonAt, mergeJson, textAt } from "./merge-json.ts";
import { apiUrl, graphqlUrl, stableId } from "./payload-parts.ts";
import type { ProjectFacts } from "./project-facts.ts";

export interface EventRequest extends Omit<PayloadRequest, "now" | "facts"> {
  readonly facts: ProjectFacts;
  /** What --eventpath holds: laid over the payload made here. */
  readonly given?: JsonObject | undefined;
  readonly now: number;
}

export interface RunIdentity {
  readonly runId: string;
  readonly runNumber: number;
}

export interface BuiltEvent {
  /** The `github` context, without what belongs to a run (`run_id`, …) or a job. */
  readonly github: JsonObject;
  /** The same event as filters look at it. */
  readonly trigger: TriggerEvent;
}

/** The `github` context of an event in this repository, and what triggers see of it. */
export function buildEvent(request: EventRequest): BuiltEvent {
  const { facts, given } = request;
  // A merge request of `.platform.yaml` is what GitHub calls a pull request.
  const name = request.event === "mr" ? "pull_request" : request.event;
  const action = textAt(given, "action") ?? request.action ?? defaultAction(request.event);
  const made = eventPayload({ ...request, event: name, action, now: isoSeconds(request.now) });
  const merged = mergeJson(made, given ?? {});
  const event = isJsonObject(merged) ? merged : made;

  const { ref, sha, headRef, baseRef } = refsOf(name, event, facts);
  const repository = textAt(event, "repository", "full_name") ?? `${facts.owner}/${facts.name}`;
  const owner = repository.slice(0, Math.max(0, repository.lastIndexOf("/"))) || facts.owner;
  const github: JsonObject = {
    event_name: name,
    event,
    ref,
    ref_name: ref.replace(/^refs\/(heads|tags|pull)\//, ""),
    ref_type: ref.startsWith("refs/tags/") ? "tag" : "branch",
    ref_protected: false,
    sha,
    head_ref: headRef,
    base_ref: baseRef,
    repository,
    repository_id: String(stableId(repository)),
    repository_owner: owner,
    repository_owner_id: String(stableId(owner)),
    repositoryUrl: `${facts.serverUrl.replace(/^https?:/, "git:")}/${repository}.git`,
    repository_visibility: "private",
    actor: facts.actor,
    actor_id: String(stableId(facts.actor)),
    triggering_actor: facts.actor,
    workflow_ref: `${repository}/${request.file}@${ref}`,
    workflow_sha: sha,
    server_url: facts.githubUrl,
    api_url: apiUrl(facts.githubUrl),
    graphql_url: graphqlUrl(facts.githubUrl),
    secret_source: "Actions",
    retention_days: "90",
    artifact_cache_size_limit: "10",
  };
  return { github, trigger: triggerEvent(request, name, event, ref, baseRef, action) };
}

/** Adds what tells one run from another. */
export function withRun(github: JsonObject, { runId, runNumber }: RunIdentity): JsonObject {
  return { ...github, run_id: runId, run_number: String(runNumber), run_attempt: "1" };
}

const OVERRIDES: { readonly [variable: string]: string } = {
  GITHUB_ACTOR: "actor",
  GITHUB_API_URL: "api_url",
  GITHUB_BASE_REF: "base_ref",
  GITHUB_GRAPHQL_URL: "graphql_url",
  GITHUB_HEAD_REF: "head_ref",
  GITHUB_REF: "ref",
  GITHUB_REF_NAME: "ref_name",
  GITHUB_REF_TYPE: "ref_type",
  GITHUB_REPOSITORY: "repository",
  GITHUB_REPOSITORY_OWNER: "repository_owner",
  GITHUB_RETENTION_DAYS: "retention_days",
  GITHUB_RUN_ATTEMPT: "run_attempt",
  GITHUB_RUN_ID: "run_id",
  GITHUB_RUN_NUMBER: "run_number",
  GITHUB_SERVER_URL: "server_url",
  GITHUB_SHA: "sha",
  GITHUB_TRIGGERING_ACTOR: "triggering_actor",
};

/** `--env GITHUB_REF=…` and its like set the context, from which steps get the variables. */
export function overrideGithub(github: JsonObject, env: { readonly [name: string]: string }): JsonObject {
  const overrides = Object.entries(env).flatMap(([name, value]) => {
    const key = Object.hasOwn(OVERRIDES, name) ? OVERRIDES[name] : undefined;
    return key === undefined ? [] : [[key, value] as const];
  });
  return overrides.length === 0 ? github : { ...github, ...Object.fromEntries(overrides) };
}

/** ref and sha by event: https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows */
function refsOf(name: string, event: JsonObject, facts: ProjectFacts) {
  const here = currentRef(facts);
  const sha = facts.sha;
  switch (name) {
    case "pull_request":
    case "pull_request_review":
    case "pull_request_review_comment":
    case "pull_request_target": {
      const headRef = textAt(event, "pull_request", "head", "ref") ?? "";
      const baseRef = textAt(event, "pull_request", "base", "ref") ?? "";
      if (name === "pull_request_target") {
        const baseSha = textAt(event, "pull_request", "base", "sha") ?? sha;
        return { ref: `refs/heads/${baseRef}`, sha: baseSha, headRef, baseRef };
      }
      const number = jsonAt(event, "number") ?? jsonAt(event, "pull_request", "number") ?? 1;
      return { ref: `refs/pull/${number}/merge`, sha, headRef, baseRef };
    }
    case "push":
      return {
        ref: textAt(event, "ref") ?? here,
        sha: textAt(event, "after") ?? sha,
        headRef: "",
        baseRef: "",
      };
    case "workflow_dispatch":
      return { ref: textAt(event, "ref") ?? here, sha, headRef: "", baseRef: "" };
    case "create": {
      const kind = textAt(event, "ref_type") === "tag" ? "tags" : "heads";
      const created = textAt(event, "ref");
      return { ref: created === undefined ? here : `refs/${kind}/${created}`, sha, headRef: "", baseRef: "" };
    }
    case "release":
      return {
        ref: `refs/tags/${textAt(event, "release", "tag_name") ?? ""}`,
        sha,
        headRef: "",
        baseRef: "",
      };
    case "deployment":
    case "deployment_status":
      return {
        ref: qualified(textAt(event, "deployment", "ref")) ?? here,
        sha: textAt(event, "deployment", "sha") ?? sha,
        headRef: "",
        baseRef: "",
      };
    case "merge_group":
      return { ref: textAt(event, "merge_group", "head_ref") ?? here, sha, headRef: "", baseRef: "" };
    default:
      return { ref: qualified(textAt(event, "ref")) ?? here, sha, headRef: "", baseRef: "" };
  }
}

function qualified(ref: string | undefined): string | undefined {
  return ref === undefined || ref.startsWith("refs/") ? ref : `refs/heads/${ref}`;
}

function triggerEvent(
  request: EventRequest,
  name: string,
  event: JsonObject,
  ref: string,
  baseBranch: string,
  action: string | undefined,
): TriggerEvent {
  const headMessage = textAt(event, "head_commit", "message") ?? request.facts.commits[0]?.message;
  // Which workflow ran is only known where the event file says so.
  const workflow = textAt(request.given, "workflow_run", "name");
  const headBranch = textAt(event, "workflow_run", "head_branch");
  const schedule = request.schedule ?? textAt(request.given, "schedule");
  // A merge queue has a base, which `github.base_ref` does not tell.
  const queueBase = textAt(event, "merge_group", "base_ref")?.replace(/^refs\/heads\//, "");
  const base = baseBranch === "" ? queueBase : baseBranch;
  return {
    name,
    ref,
    ...(action === undefined ? {} : { action }),
    ...(base === undefined ? {} : { baseBranch: base }),
    ...(jsonAt(event, "deleted") === true ? { deleted: true } : {}),
    ...(headMessage === undefined ? {} : { headMessage }),
    ...(name === "workflow_run" && workflow !== undefined ? { workflow } : {}),
    ...(name === "workflow_run" && headBranch !== undefined ? { headBranch } : {}),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
