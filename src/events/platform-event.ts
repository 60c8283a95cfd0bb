import type { Status } from "../status.ts";
import type { BuildStatus } from "../store/build-record.ts";
import type { GroupHolder } from "../store/group-store.ts";

/** What parts of Slipway tell each other as it happens. A hint, never the truth: that is in the records. */
export type PlatformEvent =
  /** Something about a build changed; `version` is `BuildRecord.version` after it. */
  | {
      readonly type: "build.changed";
      readonly buildId: string;
      readonly projectId: string;
      readonly version: number;
      readonly status: BuildStatus;
      readonly changes: readonly WatchedChange[];
    }
  /** A step's log has grown to (at least) this many bytes, or is whole. */
  | {
      readonly type: "log.grown";
      readonly buildId: string;
      readonly stepId: string;
      readonly endByte: number;
      readonly ended: boolean;
    }
  | { readonly type: "build.cancel"; readonly buildId: string; readonly reason: string }
  | { readonly type: "approval.decided"; readonly buildId: string; readonly approvalId: string }
  | { readonly type: "group.changed"; readonly holders: readonly GroupHolder[] }
  /** Frames of a runner that pushes are in its mailbox, up to this number. */
  | (RunnerSubject & { readonly type: "runner.frames"; readonly seq: number })
  /** A command waits in the mailbox of such a runner, or it was closed. */
  | (RunnerSubject & { readonly type: "runner.command" })
  /** A build or a job gave back its place under a quota. */
  | { readonly type: "slot.freed"; readonly projectId: string };

interface RunnerSubject {
  readonly buildId: string;
  readonly jobKey: string;
  readonly attempt: number;
}

/** One job or step that moved, as far as a live view needs it. */
export interface WatchedChange {
  readonly kind: "build" | "job" | "step";
  readonly id: string;
  /** Of a step: its job's. */
  readonly jobId?: string;
  readonly status: Status;
}

export type PlatformEventOf<T extends PlatformEvent["type"]> = Extract<PlatformEvent, { type: T }>;
