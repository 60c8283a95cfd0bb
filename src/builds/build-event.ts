/**
 * What happens in a build, as one stream: what the terminal shows, what `--json` prints (one object a line) and what
 * tests read. Version 1; fields may be added, none is renamed or removed without a new version.
 */
import type { Json } from "../json.ts";
import type { AnnotationFrame, StepAddedFrame } from "../protocol/frame.ts";
import type { Conclusion } from "../status.ts";

export const BUILD_EVENT_VERSION = 1;

export type BuildEvent = BuildEventHeader & BuildEventBody;

export interface BuildEventHeader {
  readonly v: typeof BUILD_EVENT_VERSION;
  /** Counted from 1, one sequence a build. */
  readonly seq: number;
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly buildId: string;
}

export type BuildEventBody =
  | {
      readonly type: "build.started";
      readonly file: string;
      readonly workflow: string;
      /** `run-name` evaluated, else the workflow's name. */
      readonly title: string;
      readonly event: string;
      readonly ref: string;
      readonly sha: string;
    }
  /** A job is known. Legs of a matrix and jobs of a called workflow are added when they are expanded. */
  | {
      readonly type: "job.added";
      readonly job: string;
      readonly jobId: string;
      readonly name: string;
      /** Keys of the jobs it waits for. */
      readonly needs: readonly string[];
      /** The key of the calling job, for a job of a called workflow. */
      readonly parent?: string;
      /** The key of the job it is a leg of, for a leg of a matrix. */
      readonly legOf?: string;
      readonly matrix?: Json;
      /** `group`: it only stands for its legs, or for the jobs of the workflow it calls. */
      readonly kind: "job" | "group";
    }
  /** The build as a whole waits: for its concurrency group, say. */
  | { readonly type: "build.waiting"; readonly reason: string }
  | { readonly type: "job.waiting"; readonly job: string; readonly reason: string }
  /** Said again for each attempt after an infrastructure failure; the numbers of its steps start anew. */
  | {
      readonly type: "job.started";
      readonly job: string;
      readonly attempt: number;
      /** Where it only was known now, as its expressions need what ran before. */
      readonly name?: string;
      readonly workspace?: string;
      /** The deployment environment. */
      readonly environment?: string;
    }
  | ({ readonly type: "step.added"; readonly job: string } & StepAdded)
  | { readonly type: "step.started"; readonly job: string; readonly step: number; readonly name: string }
  | BuildLogEvent
  | ({ readonly type: "annotation"; readonly job: string } & Annotation)
  | { readonly type: "summary"; readonly job: string; readonly step: number; readonly markdown: string }
  | { readonly type: "artifact"; readonly job: string; readonly step: number; readonly value: string }
  | {
      readonly type: "step.finished";
      readonly job: string;
      readonly step: number;
      readonly outcome: Conclusion;
      readonly conclusion: Conclusion;
      readonly exitCode?: number;
      readonly signal?: string;
      readonly error?: string;
      readonly outputs: { readonly [name: string]: string };
      readonly durationMs: number;
    }
  | {
      readonly type: "job.finished";
      readonly job: string;
      /** What `needs.*.result` shows: after `continue-on-error`. */
      readonly result: Conclusion;
      /** Before `continue-on-error`. */
      readonly outcome: Conclusion;
      readonly outputs: { readonly [name: string]: string };
      readonly error?: string;
      /** Why it was skipped, for a person. */
      readonly reason?: string;
      readonly environmentUrl?: string;
      readonly durationMs: number;
    }
  | { readonly type: "warning"; readonly message: string; readonly job?: string }
  | {
      readonly type: "build.finished";
      readonly result: Exclude<Conclusion, "skipped">;
      readonly error?: string;
      readonly durationMs: number;
    };

type StepAdded = Omit<StepAddedFrame, "type">;
type Annotation = Omit<AnnotationFrame, "type">;

/** In memory `data` is bytes; in NDJSON it is `text`, or `base64` where the bytes are not UTF-8. */
export interface BuildLogEvent {
  readonly type: "log";
  readonly job: string;
  readonly step: number;
  readonly data: Uint8Array;
}

/** Receives events in order; a returned promise is back-pressure on the steps' output. */
export type BuildEventSink = (event: BuildEvent) => void | Promise<void>;
