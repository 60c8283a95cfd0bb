// Made by scripts/generate-api.ts from the routes of src/api/rest; do not edit.

export interface Annotation {
  readonly id: string;
  readonly jobId: string;
  /** Number of the step. */
  readonly step: number;
  readonly level: "notice" | "warning" | "error";
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  readonly line?: number;
  readonly endLine?: number;
  readonly column?: number;
  readonly endColumn?: number;
  readonly createdAt: string;
}

export interface Approval {
  readonly id: string;
  readonly jobKey: string;
  readonly environment: string;
  /** Names; `*`: whoever may write to the project. */
  readonly reviewers: readonly string[];
  readonly state: "waiting" | "approved" | "rejected" | "expired";
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly decidedBy?: string;
  readonly decidedAt?: string;
  readonly comment?: string;
}

export interface Artifact {
  readonly id: string;
  readonly name: string;
  /** Name of the file that a download gives. */
  readonly file: string;
  readonly contentType: string;
  readonly jobKey: string;
  readonly attempt: number;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  /** Path from the root of the server. */
  readonly downloadUrl: string;
}

export interface Attempt {
  readonly id: string;
  readonly attempt: number;
  readonly status: "pending" | "queued" | "running" | "succeeded" | "failed" | "cancelled";
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** From its start to its end. */
  readonly durationMs?: number;
}

export interface Build {
  readonly id: string;
  readonly projectId: string;
  /** Of its definition. */
  readonly pipelineId: string;
  /** Counted from 1 within the project. */
  readonly number: number;
  /** `github.run_id`. */
  readonly runId: number;
  readonly attempt: number;
  /** Id of the first attempt. */
  readonly rootId: string;
  readonly status: "pending" | "queued" | "running" | "succeeded" | "failed" | "cancelled";
  readonly trigger: "api" | "push" | "pull_request" | "schedule" | "webhook" | "rerun";
  readonly event: string;
  readonly ref: string;
  readonly sha: string;
  readonly workflow: string;
  readonly title: string;
  readonly actor: string;
  readonly error?: string;
  readonly errorCode?: string;
  readonly cancelReason?: string;
  readonly createdAt: string;
  readonly queuedAt?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** From its start to its end. */
  readonly durationMs?: number;
  /** Grows with every change that a watcher should see. */
  readonly version: number;
}

export interface BuildDetail {
  readonly id: string;
  readonly projectId: string;
  /** Of its definition. */
  readonly pipelineId: string;
  /** Counted from 1 within the project. */
  readonly number: number;
  /** `github.run_id`. */
  readonly runId: number;
  readonly attempt: number;
  /** Id of the first attempt. */
  readonly rootId: string;
  readonly status: "pending" | "queued" | "running" | "succeeded" | "failed" | "cancelled";
  readonly trigger: "api" | "push" | "pull_request" | "schedule" | "webhook" | "rerun";
  readonly event: string;
  readonly ref: string;
  readonly sha: string;
  readonly workflow: string;
  readonly title: string;
  readonly actor: string;
  readonly error?: string;
  readonly errorCode?: string;
  readonly cancelReason?: string;
  readonly createdAt: string;
  readonly queuedAt?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** From its start to its end. */
  readonly durationMs?: number;
  /** Grows with every change that a watcher should see. */
  readonly version: number;
  readonly jobs: readonly Job[];
  readonly approvals: readonly Approval[];
  readonly annotations: readonly Annotation[];
  readonly warnings: readonly string[];
  /** All attempts at the build, oldest first. */
  readonly attempts: readonly Attempt[];
}

export interface Cache {
  readonly id: string;
  readonly key: string;
  readonly version: string;
  /** Full ref. */
  readonly scope: string;
  readonly sizeBytes: number;
  readonly createdAt: string;
  readonly usedAt: string;
}

export interface DeadLetter {
  readonly buildId?: string;
  readonly projectId?: string;
  /** Of a message that could not be read. */
  readonly raw?: string;
  readonly reason: string;
  readonly deliveries: number;
  readonly at: string;
}

export interface Definition {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly path: string;
  /** False: nothing starts it but an explicit request. */
  readonly enabled: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Delivery {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: string;
  readonly event: string;
  readonly payload: { readonly [key: string]: unknown };
  readonly state: "waiting" | "delivered" | "failed";
  readonly attempts: number;
  readonly nextAt?: string;
  readonly lastStatus?: number;
  readonly lastError?: string;
  readonly createdAt: string;
  readonly deliveredAt?: string;
}

export interface Environment {
  readonly id: string;
  readonly name: string;
  readonly reviewers: readonly string[];
  readonly approvalTimeoutMs: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Graph {
  readonly buildId: string;
  readonly status: "pending" | "queued" | "running" | "succeeded" | "failed" | "cancelled";
  readonly version: number;
  readonly nodes: readonly {
    readonly id: string;
    /** Unique in the build together with `attempt`: `test[1]`. */
    readonly key: string;
    readonly name: string;
    /** `group`: stands for its legs or for a called workflow. */
    readonly kind: "job" | "group";
    readonly status: "pending" | "queued" | "waiting" | "running" | "succeeded" | "failed" | "cancelled" | "skipped";
    readonly attempt: number;
    readonly parent?: string;
    readonly legOf?: string;
    readonly startedAt?: string;
    readonly finishedAt?: string;
  }[];
  /** Keys of nodes: `to` waits for `from`. */
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
  }[];
}

export interface Job {
  readonly id: string;
  /** Unique in the build together with `attempt`: `test[1]`. */
  readonly key: string;
  /** Its id in the file. */
  readonly jobId: string;
  readonly name: string;
  /** `group`: stands for its legs or for a called workflow. */
  readonly kind: "job" | "group";
  readonly status: "pending" | "queued" | "waiting" | "running" | "succeeded" | "failed" | "cancelled" | "skipped";
  readonly result?: "success" | "failure" | "cancelled" | "skipped";
  readonly outcome?: "success" | "failure" | "cancelled" | "skipped";
  /** Keys. */
  readonly needs: readonly string[];
  readonly parent?: string;
  readonly legOf?: string;
  readonly matrix?: unknown;
  readonly position: number;
  readonly attempt: number;
  /** False: this attempt was lost and tried again. */
  readonly latest: boolean;
  readonly outputs: { readonly [key: string]: string };
  readonly error?: string;
  readonly reason?: string;
  readonly infrastructureFailure: boolean;
  readonly environment?: string;
  readonly environmentUrl?: string;
  readonly executor?: string;
  /** `id` of the job of an earlier attempt whose end stands. */
  readonly carriedFrom?: string;
  readonly createdAt: string;
  readonly queuedAt?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly durationMs?: number;
  /** Path of the whole job's log. */
  readonly logUrl: string;
  readonly steps: readonly Step[];
}

export interface Principal {
  readonly kind: "token" | "service" | "system";
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly ("project:read" | "project:write" | "admin")[];
  readonly projectId?: string;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string;
  /** Stable; tell errors apart by this. */
  readonly code: "InvalidSpec" | "NotFound" | "Conflict" | "Transient" | "Timeout" | "Cancelled" | "Permanent" | "Unauthorized" | "Forbidden" | "QuotaExceeded" | "BadRequest" | "CrossSite" | "HeadersTooLarge" | "IdempotencyMismatch" | "MethodNotAllowed" | "PayloadTooLarge" | "RangeNotSatisfiable" | "RequestTimeout" | "UnsupportedMediaType" | "UpgradeRequired" | "UriTooLong" | "Internal";
  /** The server's log has more under it. */
  readonly requestId: string;
  readonly errors?: readonly {
    readonly field: string;
    readonly message: string;
  }[];
}

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly repositoryUrl: string;
  readonly defaultBranch: string;
  readonly settings: {
    /** Builds of the project that may run at once. */
    readonly maxBuilds?: number;
    /** Jobs of the project that may run at once. */
    readonly maxJobs?: number;
    readonly maxBuildMinutes?: number;
    readonly infrastructureRetries?: number;
    readonly artifactRetentionDays?: number;
    /** True: badges can be read without a token. */
    readonly publicBadges?: boolean;
  };
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Queue {
  readonly engine: string;
  /** Messages that wait. */
  readonly ready: number;
  /** Taken by a worker, not settled yet. */
  readonly unsettled: number;
  /** Waiting for another try. */
  readonly delayed: number;
  readonly dead: number;
  readonly builds: {
    readonly pending: number;
    readonly queued: number;
    readonly running: number;
    readonly oldestQueuedAt?: string;
  };
}

export interface Schedule {
  readonly id: string;
  readonly pipelineId: string;
  /** Name of the definition. */
  readonly pipeline: string;
  readonly enabled: boolean;
  readonly cron: string;
  readonly timezone: string;
  readonly nextAt: string;
}

export interface SecretName {
  readonly name: string;
  readonly environment?: string;
  readonly updatedAt: string;
}

export interface Step {
  readonly id: string;
  /** `id` of its job. */
  readonly jobId: string;
  /** From 1; 0 is the job's own log, outside any step. */
  readonly number: number;
  /** Its id in the file. */
  readonly stepId?: string;
  readonly name: string;
  readonly stage: "job" | "setup" | "pre" | "main" | "post" | "complete";
  /** `run`, or the action as written. */
  readonly type: string;
  readonly status: "pending" | "queued" | "waiting" | "running" | "succeeded" | "failed" | "cancelled" | "skipped";
  readonly outcome?: "success" | "failure" | "cancelled" | "skipped";
  readonly conclusion?: "success" | "failure" | "cancelled" | "skipped";
  readonly exitCode?: number;
  readonly signal?: string;
  readonly error?: string;
  /** In the file. */
  readonly line?: number;
  /** Number of the step that called it. */
  readonly parent?: number;
  readonly background: boolean;
  /** Markdown. */
  readonly summary?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly durationMs?: number;
  readonly log: {
    /** Path from the root of the server. */
    readonly url: string;
    /** `rows`: it may still grow. */
    readonly kept: "rows" | "blob" | "expired";
    readonly sizeBytes: number;
    readonly sha256?: string;
  };
}

export interface Token {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly ("project:read" | "project:write" | "admin")[];
  /** Absent: every project. */
  readonly projectId?: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly lastUsedAt?: string;
}

export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly updatedAt: string;
}

export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly enabled: boolean;
  readonly createdAt: string;
}
