// Made by scripts/generate-api.ts from the routes of src/api/rest; do not edit.

import type { Approval, Artifact, Build, BuildDetail, Cache, DeadLetter, Definition, Delivery, Environment, Graph, Job, Principal, Project, Queue, Schedule, SecretName, Token, Variable, Webhook } from "./schemas.ts";

/** Every route of the API: what it takes and what it answers. */
export interface Operations {
  /** Projects that the token may see. */
  readonly "GET /projects": {
    readonly params: undefined;
    readonly query: {
      readonly cursor?: string;
      readonly limit?: number;
    };
    readonly body: undefined;
    readonly response: {
      readonly items: readonly Project[];
      /** Cursor of the next page; absent: there is no more. */
      readonly next?: string;
    };
  };
  /** Add a project. */
  readonly "POST /projects": {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: {
      readonly name: string;
      readonly repositoryUrl: string;
      readonly defaultBranch?: string;
      readonly settings?: {
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
    };
    readonly response: Project;
  };
  /** A project. */
  readonly "GET /projects/{project}": {
    readonly params: {
      readonly project: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: Project;
  };
  /** Change a project. */
  readonly "PATCH /projects/{project}": {
    readonly params: {
      readonly project: string;
    };
    readonly query: undefined;
    readonly body: {
      readonly name?: string;
      readonly repositoryUrl?: string;
      readonly defaultBranch?: string;
      readonly settings?: {
        readonly maxBuilds?: number | null;
        readonly maxJobs?: number | null;
        readonly maxBuildMinutes?: number | null;
        readonly infrastructureRetries?: number | null;
        readonly artifactRetentionDays?: number | null;
        readonly publicBadges?: boolean | null;
      };
    };
    readonly response: Project;
  };
  /** Delete a project with its builds. */
  readonly "DELETE /projects/{project}": {
    readonly params: {
      readonly project: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: undefined;
  };
  /** Pipeline definitions of a project. */
  readonly "GET /projects/{project}/definitions": {
    readonly params: {
      readonly project: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: {
      readonly items: readonly Definition[];
    };
  };
  /** Add a pipeline definition. */
  readonly "POST /projects/{project}/definitions": {
    readonly params: {
      readonly project: string;
    };
    readonly query: undefined;
    readonly body: {
      readonly path: string;
      readonly name?: string;
    };
    readonly response: Definition;
  };
  /** A pipeline definition. */
  readonly "GET /projects/{project}/definitions/{definition}": {
    readonly params: {
      readonly project: string;
      readonly definition: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: Definition;
  };
  /** Change a pipeline definition. */
  readonly "PATCH /projects/{project}/definitions/{definition}": {
    readonly params: {
      readonly project: string;
      readonly definition: string;
    };
    readonly query: undefined;
    readonly body: {
      readonly name?: string;
      readonly path?: string;
      readonly enabled?: boolean;
    };
    readonly response: Definition;
  };
  /** Delete a pipeline definition. */
  readonly "DELETE /projects/{project}/definitions/{definition}": {
    readonly params: {
      readonly project: string;
      readonly definition: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: undefined;
  };
  /** Start a build. */
  readonly "POST /projects/{project}/pipelines": {
    readonly params: {
      readonly project: string;
    };
    readonly query: undefined;
    readonly body: {
      /** Id, name or path of the definition; absent: the only one. */
      readonly pipeline?: string;
      /** Branch, tag, full ref or commit; absent: the default branch. */
      readonly gitRef?: string;
      /** `workflow_dispatch` where absent. */
      readonly event?: string;
      readonly inputs?: { readonly [key: string]: string | number | boolean };
      /** Before the project's own of the same name. */
      readonly variables?: { readonly [key: string]: string | number | boolean };
      /** Only these and what they need. */
      readonly jobs?: readonly string[];
    } | undefined;
    readonly response: Build;
  };
  /** Builds of a project, newest first. */
  readonly "GET /projects/{project}/pipelines": {
    readonly params: {
      readonly project: string;
    };
    readonly query: {
      readonly cursor?: string;
      readonly limit?: number;
      readonly status?: string;
      readonly ref?: string;
      readonly trigger?: "api" | "push" | "pull_request" | "schedule" | "webhook" | "rerun";
      readonly pipeline?: string;
      readonly sha?: string;
      readonly latestAttempt?: "true" | "false";
      readonly number?: number;
    };
    readonly body: undefined;
    readonly response: {
      readonly items: readonly Build[];
      /** Cursor of the next page; absent: there is no more. */
      readonly next?: string;
    };
  };
  /** A build with its jobs and steps. */
  readonly "GET /projects/{project}/pipelines/{pipeline}": {
    readonly params: {
      readonly project: string;
      readonly pipeline: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: BuildDetail;
  };
  /** A build by its id alone. */
  readonly "GET /builds/{build}": {
    readonly params: {
      readonly build: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: BuildDetail;
  };
  /** The jobs of a build as a graph. */
  readonly "GET /builds/{build}/graph": {
    readonly params: {
      readonly build: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: Graph;
  };
  /** The jobs of a build, with their steps. */
  readonly "GET /projects/{project}/pipelines/{pipeline}/jobs": {
    readonly params: {
      readonly project: string;
      readonly pipeline: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: {
      readonly items: readonly Job[];
    };
  };
  /** All attempts at a build, oldest first. */
  readonly "GET /projects/{project}/pipelines/{pipeline}/attempts": {
    readonly params: {
      readonly project: string;
      readonly pipeline: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: {
      readonly items: readonly Build[];
    };
  };
  /** Cancel a build. */
  readonly "POST /projects/{project}/pipelines/{pipeline}/cancel": {
    readonly params: {
      readonly project: string;
      readonly pipeline: string;
    };
    readonly query: undefined;
    readonly body: {
      readonly reason?: string;
    } | undefined;
    readonly response: Build;
  };
  /** Run a build again. */
  readonly "POST /projects/{project}/pipelines/{pipeline}/rerun": {
    readonly params: {
      readonly project: string;
      readonly pipeline: string;
    };
    readonly query: undefined;
    readonly body: {
      readonly what?: "all" | "failed" | "job";
      /** For `job`: its key. Those that need it run again too. */
      readonly job?: string;
      /** With debug logs, as if the variable `ACTIONS_STEP_DEBUG` were true: this attempt alone. */
      readonly debug?: boolean;
    } | undefined;
    readonly response: Build;
  };
  /** Approve jobs that wait for a reviewer. */
  readonly "POST /projects/{project}/pipelines/{pipeline}/approve": {
    readonly params: {
      readonly project: string;
      readonly pipeline: string;
    };
    readonly query: undefined;
    readonly body: {
      /** Absent: every job that waits and that you may decide for. */
      readonly environment?: string;
      readonly comment?: string;
    } | undefined;
    readonly response: {
      readonly items: readonly Approval[];
    };
  };
  /** Reject jobs that wait for a reviewer. */
  readonly "POST /projects/{project}/pipelines/{pipeline}/reject": {
    readonly params: {
      readonly project: string;
      readonly pipeline: string;
    };
    readonly query: undefined;
    readonly body: {
      /** Absent: every job that waits and that you may decide for. */
      readonly environment?: string;
      readonly comment?: string;
    } | undefined;
    readonly response: {
      readonly items: readonly Approval[];
    };
  };
  /** The log of a step, whether it has ended or not. */
  readonly "GET /projects/{project}/pipelines/{pipeline}/steps/{step}/logs": {
    readonly params: {
      readonly project: string;
      readonly pipeline: string;
      readonly step: string;
    };
    readonly query: {
      readonly timestamps?: "0" | "1" | "" | "true" | "false";
      readonly ansi?: "keep" | "strip";
      readonly follow?: "0" | "1" | "" | "true" | "false";
      readonly offset?: number;
    };
    readonly body: undefined;
    readonly response: string;
  };
  /** The logs of all steps of a job, as one text. */
  readonly "GET /projects/{project}/pipelines/{pipeline}/jobs/{job}/logs": {
    readonly params: {
      readonly project: string;
      readonly pipeline: string;
      readonly job: string;
    };
    readonly query: {
      readonly timestamps?: "0" | "1" | "" | "true" | "false";
      readonly ansi?: "keep" | "strip";
    };
    readonly body: undefined;
    readonly response: string;
  };
  /** All logs of a build as a zip. */
  readonly "GET /projects/{project}/pipelines/{pipeline}/logs.zip": {
    readonly params: {
      readonly project: string;
      readonly pipeline: string;
    };
    readonly query: {
      readonly timestamps?: "0" | "1" | "" | "true" | "false";
      readonly ansi?: "keep" | "strip";
    };
    readonly body: undefined;
    readonly response: string;
  };
  /** Artifacts of a build, of all its attempts. */
  readonly "GET /projects/{project}/pipelines/{pipeline}/artifacts": {
    readonly params: {
      readonly project: string;
      readonly pipeline: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: {
      readonly items: readonly Artifact[];
    };
  };
  /** Download an artifact. */
  readonly "GET /projects/{project}/pipelines/{pipeline}/artifacts/{artifact}/download": {
    readonly params: {
      readonly project: string;
      readonly pipeline: string;
      readonly artifact: string;
    };
    readonly query: {
      readonly direct?: "0" | "1" | "" | "true" | "false";
    };
    readonly body: undefined;
    readonly response: string;
  };
  /** Delete an artifact. */
  readonly "DELETE /projects/{project}/pipelines/{pipeline}/artifacts/{artifact}": {
    readonly params: {
      readonly project: string;
      readonly pipeline: string;
      readonly artifact: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: undefined;
  };
  /** A build as it changes, as server-sent events. */
  readonly "GET /builds/{build}/events": {
    readonly params: {
      readonly build: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: string;
  };
  /** Names of the secrets of a project. */
  readonly "GET /projects/{project}/secrets": {
    readonly params: {
      readonly project: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: {
      readonly items: readonly SecretName[];
    };
  };
  /** Set a secret. */
  readonly "PUT /projects/{project}/secrets/{name}": {
    readonly params: {
      readonly project: string;
      readonly name: string;
    };
    readonly query: {
      readonly environment?: string;
    };
    readonly body: {
      readonly value: string;
    };
    readonly response: undefined;
  };
  /** Delete a secret. */
  readonly "DELETE /projects/{project}/secrets/{name}": {
    readonly params: {
      readonly project: string;
      readonly name: string;
    };
    readonly query: {
      readonly environment?: string;
    };
    readonly body: undefined;
    readonly response: undefined;
  };
  /** Variables of a project. */
  readonly "GET /projects/{project}/variables": {
    readonly params: {
      readonly project: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: {
      readonly items: readonly Variable[];
    };
  };
  /** Set a variable. */
  readonly "PUT /projects/{project}/variables/{name}": {
    readonly params: {
      readonly project: string;
      readonly name: string;
    };
    readonly query: undefined;
    readonly body: {
      readonly value: string;
    };
    readonly response: Variable;
  };
  /** Delete a variable. */
  readonly "DELETE /projects/{project}/variables/{name}": {
    readonly params: {
      readonly project: string;
      readonly name: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: undefined;
  };
  /** Deployment environments of a project. */
  readonly "GET /projects/{project}/environments": {
    readonly params: {
      readonly project: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: {
      readonly items: readonly Environment[];
    };
  };
  /** An environment. */
  readonly "GET /projects/{project}/environments/{environment}": {
    readonly params: {
      readonly project: string;
      readonly environment: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: Environment;
  };
  /** Add or change an environment. */
  readonly "PUT /projects/{project}/environments/{environment}": {
    readonly params: {
      readonly project: string;
      readonly environment: string;
    };
    readonly query: undefined;
    readonly body: {
      /** Names of tokens of which one must approve; `*`: whoever may write; empty: none needs to. */
      readonly reviewers?: readonly string[];
      /** How long a job waits before it fails. */
      readonly approvalTimeoutMs?: number;
    } | undefined;
    readonly response: Environment;
  };
  /** Delete an environment. */
  readonly "DELETE /projects/{project}/environments/{environment}": {
    readonly params: {
      readonly project: string;
      readonly environment: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: undefined;
  };
  /** Webhooks of a project. */
  readonly "GET /projects/{project}/webhooks": {
    readonly params: {
      readonly project: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: {
      readonly items: readonly Webhook[];
    };
  };
  /** Add a webhook. */
  readonly "POST /projects/{project}/webhooks": {
    readonly params: {
      readonly project: string;
    };
    readonly query: undefined;
    readonly body: {
      readonly url: string;
      readonly events?: readonly ("build.queued" | "build.running" | "build.success" | "build.failure" | "build.cancelled" | "*")[];
      /** Signs what is sent (HMAC-SHA256); absent: one is made. */
      readonly secret?: string;
      readonly enabled?: boolean;
    };
    readonly response: {
      readonly id: string;
      readonly url: string;
      readonly events: readonly string[];
      readonly enabled: boolean;
      readonly createdAt: string;
      readonly secret: string;
    };
  };
  /** A webhook. */
  readonly "GET /projects/{project}/webhooks/{webhook}": {
    readonly params: {
      readonly project: string;
      readonly webhook: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: Webhook;
  };
  /** Change a webhook. */
  readonly "PATCH /projects/{project}/webhooks/{webhook}": {
    readonly params: {
      readonly project: string;
      readonly webhook: string;
    };
    readonly query: undefined;
    readonly body: {
      readonly url?: string;
      readonly events?: readonly ("build.queued" | "build.running" | "build.success" | "build.failure" | "build.cancelled" | "*")[];
      /** Signs what is sent (HMAC-SHA256); absent: one is made. */
      readonly secret?: string;
      readonly enabled?: boolean;
    };
    readonly response: Webhook;
  };
  /** Delete a webhook. */
  readonly "DELETE /projects/{project}/webhooks/{webhook}": {
    readonly params: {
      readonly project: string;
      readonly webhook: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: undefined;
  };
  /** Send a `ping` event. */
  readonly "POST /projects/{project}/webhooks/{webhook}/ping": {
    readonly params: {
      readonly project: string;
      readonly webhook: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: Delivery;
  };
  /** What was sent, newest first. */
  readonly "GET /projects/{project}/webhooks/{webhook}/deliveries": {
    readonly params: {
      readonly project: string;
      readonly webhook: string;
    };
    readonly query: {
      readonly cursor?: string;
      readonly limit?: number;
    };
    readonly body: undefined;
    readonly response: {
      readonly items: readonly Delivery[];
      /** Cursor of the next page; absent: there is no more. */
      readonly next?: string;
    };
  };
  /** Send a delivery again. */
  readonly "POST /projects/{project}/webhooks/{webhook}/deliveries/{delivery}/redeliver": {
    readonly params: {
      readonly project: string;
      readonly webhook: string;
      readonly delivery: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: Delivery;
  };
  /** When pipelines of a project start by themselves. */
  readonly "GET /projects/{project}/schedules": {
    readonly params: {
      readonly project: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: {
      readonly items: readonly Schedule[];
    };
  };
  /** Caches of a project. */
  readonly "GET /projects/{project}/caches": {
    readonly params: {
      readonly project: string;
    };
    readonly query: {
      readonly key?: string;
      readonly ref?: string;
    };
    readonly body: undefined;
    readonly response: {
      readonly items: readonly Cache[];
      readonly totalBytes: number;
    };
  };
  /** Delete a cache. */
  readonly "DELETE /projects/{project}/caches/{cache}": {
    readonly params: {
      readonly project: string;
      readonly cache: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: undefined;
  };
  /** The state of the newest build that has ended, as a picture. */
  readonly "GET /projects/{project}/badge.svg": {
    readonly params: {
      readonly project: string;
    };
    readonly query: {
      readonly branch?: string;
      readonly pipeline?: string;
      readonly label?: string;
    };
    readonly body: undefined;
    readonly response: string;
  };
  /** API tokens, newest first. */
  readonly "GET /tokens": {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly response: {
      readonly items: readonly Token[];
    };
  };
  /** Make an API token. */
  readonly "POST /tokens": {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: {
      /** What builds and approvals call its holder. */
      readonly name: string;
      readonly permissions: readonly ("project:read" | "project:write" | "admin")[];
      /** Id or name; absent: every project. */
      readonly project?: string;
      /** Absent: never. */
      readonly expiresAt?: string;
    };
    readonly response: {
      readonly id: string;
      readonly name: string;
      readonly permissions: readonly ("project:read" | "project:write" | "admin")[];
      /** Absent: every project. */
      readonly projectId?: string;
      readonly createdAt: string;
      readonly expiresAt?: string;
      readonly lastUsedAt?: string;
      readonly token: string;
    };
  };
  /** Revoke an API token. */
  readonly "DELETE /tokens/{token}": {
    readonly params: {
      readonly token: string;
    };
    readonly query: undefined;
    readonly body: undefined;
    readonly response: undefined;
  };
  /** Messages and builds that wait. */
  readonly "GET /queue": {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly response: Queue;
  };
  /** Messages that were given up, oldest first. */
  readonly "GET /queue/dead-letters": {
    readonly params: undefined;
    readonly query: {
      readonly limit?: number;
    };
    readonly body: undefined;
    readonly response: {
      readonly items: readonly DeadLetter[];
    };
  };
  /** Put dead letters back into the queue. */
  readonly "POST /queue/requeue": {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: {
      /** Absent: all of them. */
      readonly buildId?: string;
    } | undefined;
    readonly response: {
      readonly requeued: number;
    };
  };
  /** Whose token this is. */
  readonly "GET /me": {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly response: Principal;
  };
  /** A link that begins a session of the pages with this token's rights. */
  readonly "POST /login-links": {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly response: {
      readonly url: string;
      readonly expiresAt: string;
    };
  };
  /** The server's version. */
  readonly "GET /version": {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly response: {
      readonly version: string;
    };
  };
  /** A copy of the records as they are now. */
  readonly "GET /backup": {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly response: string;
  };
  /** Builds and projects as they change, over WebSocket. */
  readonly "GET /live": {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly response: undefined;
  };
}
