import type { BuildRecord, BuildStatus } from "../store/build-record.ts";

/** What a webhook can be told. `ping` only on demand. */
export type WebhookEventName =
  | "build.queued"
  | "build.running"
  | "build.success"
  | "build.failure"
  | "build.cancelled"
  | "ping";

const NAMES: Readonly<Record<BuildStatus, WebhookEventName | undefined>> = {
  pending: undefined,
  queued: "build.queued",
  running: "build.running",
  succeeded: "build.success",
  failed: "build.failure",
  cancelled: "build.cancelled",
};

/** Undefined: nobody is told of this state. */
export function webhookEventName(status: BuildStatus): WebhookEventName | undefined {
  return NAMES[status];
}

/** When a build reached a state; undefined: it has not, or it is not known. */
export function reachedAt(build: BuildRecord, status: BuildStatus): number | undefined {
  switch (status) {
    case "pending":
      return build.createdAt;
    case "queued":
      return build.queuedAt;
    case "running":
      return build.startedAt;
    case "succeeded":
    case "failed":
    case "cancelled":
      return build.status === status ? build.finishedAt : undefined;
  }
}
