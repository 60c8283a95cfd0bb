import type { JsonObject } from "../json.ts";
import { isFinal } from "../status.ts";
import type { BuildRecord, BuildStatus } from "../store/build-record.ts";
import type { PipelineRecord, ProjectRecord } from "../store/project-record.ts";
import type { WebhookRecord } from "../store/webhook-store.ts";
import { reachedAt, type WebhookEventName } from "./webhook-event-name.ts";

/**
 * The body of a `build.*` request, as JSON. Names and shapes are those of the REST API; times are ISO 8601 in UTC. What is
 * not known in a state is left out. It tells the build as it was when it reached the state, also when it is sent later.
 */
export interface BuildPayload {
  readonly event: Exclude<WebhookEventName, "ping">;
  /** When the build reached the state. */
  readonly at: string;
  readonly build: {
    readonly id: string;
    readonly number: number;
    readonly attempt: number;
    readonly runId: number;
    readonly status: BuildStatus;
    readonly trigger: string;
    /** The event that started it: `push`, `schedule`, … */
    readonly event: string;
    readonly ref: string;
    readonly sha: string;
    readonly workflow: string;
    readonly title: string;
    readonly actor: string;
    readonly createdAt: string;
    readonly queuedAt?: string;
    readonly startedAt?: string;
    readonly finishedAt?: string;
    /** From its start to its end. */
    readonly durationMs?: number;
    readonly error?: string;
    readonly errorCode?: string;
    readonly cancelReason?: string;
    /** For people. */
    readonly url: string;
    /** The build in the REST API. */
    readonly apiUrl: string;
  };
  readonly project: { readonly id: string; readonly name: string; readonly repositoryUrl: string };
  /** Absent: it was deleted. */
  readonly pipeline?: { readonly id: string; readonly name: string; readonly path: string };
}

/** The body of a `ping`: sent to try a webhook. */
export interface PingPayload {
  readonly event: "ping";
  readonly at: string;
  readonly webhook: { readonly id: string; readonly url: string; readonly events: readonly string[] };
  readonly project: { readonly id: string };
}

export interface BuildPayloadParts {
  readonly event: BuildPayload["event"];
  readonly status: BuildStatus;
  readonly build: BuildRecord;
  readonly project: ProjectRecord;
  readonly pipeline: PipelineRecord | undefined;
  /** Where people reach the server, without a slash at the end. */
  readonly publicUrl: string;
}

export function buildPayload(parts: BuildPayloadParts): BuildPayload & JsonObject {
  const { event, status, build, project, pipeline, publicUrl } = parts;
  const hasStarted = status !== "queued" && build.startedAt !== undefined;
  const hasEnded = isFinal(status) && build.finishedAt !== undefined;
  return {
    event,
    at: iso(reachedAt(build, status) ?? build.createdAt),
    build: {
      id: build.id,
      number: build.number,
      attempt: build.attempt,
      runId: build.runId,
      status,
      trigger: build.trigger,
      event: build.event,
      ref: build.ref,
      sha: build.sha,
      workflow: build.workflow,
      title: build.title,
      actor: build.actor,
      createdAt: iso(build.createdAt),
      ...(build.queuedAt !== undefined && { queuedAt: iso(build.queuedAt) }),
      ...(hasStarted && { startedAt: iso(build.startedAt) }),
      ...(hasEnded && { finishedAt: iso(build.finishedAt) }),
      ...(hasStarted && hasEnded && { durationMs: build.finishedAt - build.startedAt }),
      ...(hasEnded && build.error !== undefined && { error: build.error }),
      ...(hasEnded && build.errorCode !== undefined && { errorCode: build.errorCode }),
      ...(hasEnded && build.cancelReason !== undefined && { cancelReason: build.cancelReason }),
      url: `${publicUrl}/builds/${build.id}`,
      apiUrl: `${publicUrl}/api/v1/projects/${project.id}/pipelines/${build.id}`,
    },
    project: { id: project.id, name: project.name, repositoryUrl: project.repositoryUrl },
    ...(pipeline !== undefined && {
      pipeline: { id: pipeline.id, name: pipeline.name, path: pipeline.path },
    }),
  };
}

export function pingPayload(webhook: WebhookRecord, at: number): PingPayload & JsonObject {
  return {
    event: "ping",
    at: iso(at),
    webhook: { id: webhook.id, url: webhook.url, events: webhook.events },
    project: { id: webhook.projectId },
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
