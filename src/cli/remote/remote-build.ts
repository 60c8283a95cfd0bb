/** What the commands read of the API's answers; docs/reference/openapi.json has all of it. Times are ISO 8601. */
import type { Conclusion, Status } from "../../status.ts";

export interface RemoteBuild {
  readonly id: string;
  readonly projectId: string;
  readonly number: number;
  readonly attempt: number;
  readonly status: Status;
  readonly trigger: string;
  readonly event: string;
  readonly ref: string;
  readonly sha: string;
  readonly workflow: string;
  readonly title: string;
  readonly actor: string;
  readonly error?: string;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly durationMs?: number;
}

export interface RemoteBuildDetail extends RemoteBuild {
  readonly jobs: readonly RemoteJob[];
  readonly approvals: readonly {
    readonly environment: string;
    readonly state: string;
    readonly jobKey: string;
  }[];
  readonly annotations: readonly RemoteAnnotation[];
  readonly warnings: readonly string[];
}

export interface RemoteJob {
  readonly id: string;
  readonly key: string;
  readonly jobId: string;
  readonly name: string;
  readonly kind: "job" | "group";
  readonly needs: readonly string[];
  readonly parent?: string;
  readonly legOf?: string;
  readonly attempt: number;
  readonly latest: boolean;
  readonly status: Status;
  readonly result?: Conclusion;
  readonly outcome?: Conclusion;
  readonly outputs: { readonly [name: string]: string };
  readonly error?: string;
  readonly reason?: string;
  readonly environment?: string;
  readonly environmentUrl?: string;
  /** Its end is that of a job of an earlier attempt: nothing of it ran in this one. */
  readonly carriedFrom?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly durationMs?: number;
  /** Path of the whole job's log. */
  readonly logUrl: string;
  readonly steps: readonly RemoteStep[];
}

export interface RemoteStep {
  readonly id: string;
  readonly number: number;
  readonly stepId?: string;
  readonly name: string;
  readonly stage: "job" | "setup" | "pre" | "main" | "post" | "complete";
  readonly type: string;
  readonly background: boolean;
  readonly status: Status;
  readonly outcome?: Conclusion;
  readonly conclusion?: Conclusion;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly error?: string;
  readonly line?: number;
  readonly parent?: number;
  readonly summary?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly durationMs?: number;
  readonly log: { readonly url: string; readonly sizeBytes: number };
}

export interface RemoteAnnotation {
  readonly id: string;
  readonly jobId: string;
  readonly step: number;
  readonly level: "notice" | "warning" | "error";
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  readonly line?: number;
  readonly endLine?: number;
  readonly column?: number;
  readonly endColumn?: number;
}
