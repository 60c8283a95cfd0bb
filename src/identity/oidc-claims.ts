import type { JsonObject } from "../json.ts";
import type { PermissionsSpec } from "../spec/workflow-spec.ts";
import type { ServiceJob } from "./service-job.ts";

/** True: the job asked for `id-token: write` and may prove who it is to others. */
export function mayRequestIdToken(permissions: PermissionsSpec | undefined): boolean {
  if (permissions === undefined) return false;
  if (typeof permissions === "string") return permissions === "write-all";
  return permissions["id-token"] === "write";
}

/** What a job's id token says besides `iss`, `aud`, `jti` and its times: GitHub's claims, all of them strings. */
export function oidcClaims(job: ServiceJob): JsonObject {
  const { github } = job;
  const of = (key: string): string => string(github[key]);
  const repository = of("repository");
  const workflowRef = of("workflow_ref");
  const event = object(github.event);
  const eventRepository = object(event.repository);
  const claims: Record<string, string> = {
    sub: subject(repository, job),
    repository,
    repository_owner: of("repository_owner") || (repository.split("/")[0] ?? ""),
    repository_id: of("repository_id") || string(eventRepository.id),
    repository_owner_id: of("repository_owner_id") || string(object(eventRepository.owner).id),
    repository_visibility: of("repository_visibility") || visibility(eventRepository),
    ref: of("ref"),
    ref_type: of("ref_type"),
    ref_protected: of("ref_protected") || "false",
    sha: of("sha"),
    head_ref: of("head_ref"),
    base_ref: of("base_ref"),
    actor: of("actor"),
    actor_id: of("actor_id"),
    event_name: of("event_name"),
    workflow: of("workflow"),
    workflow_ref: workflowRef,
    workflow_sha: of("workflow_sha") || of("sha"),
    job_workflow_ref: job.jobWorkflowRef ?? workflowRef,
    job_workflow_sha: job.jobWorkflowSha ?? (of("workflow_sha") || of("sha")),
    run_id: of("run_id"),
    run_number: of("run_number"),
    run_attempt: of("run_attempt"),
    runner_environment: "self-hosted",
  };
  if (job.environment) claims.environment = job.environment;
  return claims;
}

/** The audience of a token nobody named one for. */
export function defaultAudience(job: ServiceJob): string {
  const server = string(job.github.server_url) || "https://github.com";
  return `${server}/${string(job.github.repository).split("/")[0] ?? ""}`;
}

function subject(repository: string, job: ServiceJob): string {
  const { github } = job;
  // A colon inside the name would let it pose as another part of the subject.
  if (job.environment) return `repo:${repository}:environment:${job.environment.replaceAll(":", "%3A")}`;
  const event = string(github.event_name);
  if (event === "pull_request" || event === "pull_request_target" || event === "mr") {
    return `repo:${repository}:pull_request`;
  }
  return `repo:${repository}:ref:${string(github.ref)}`;
}

function visibility(repository: JsonObject): string {
  if (typeof repository.visibility === "string") return repository.visibility;
  return repository.private === false ? "public" : "private";
}

function object(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function string(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
