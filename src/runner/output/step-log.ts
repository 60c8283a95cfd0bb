import type { Clock } from "../../clock.ts";
import type { AnnotationFrame, FrameBody } from "../../protocol/frame.ts";
import type { CommandEffects } from "./command-effects.ts";
import type { Masker } from "./masker.ts";
import type { MatcherRegistry } from "./matcher-registry.ts";

export interface StepLogOptions {
  /** The step's number in the frames; 0: the job itself. */
  readonly step: number;
  /** Receives `log`, `annotation` and `mask` frames, in order; a returned promise is back-pressure. */
  readonly emit: (body: FrameBody) => void | Promise<void>;
  readonly masker: Masker;
  /** One a job. */
  readonly matchers: MatcherRegistry;
  readonly effects: CommandEffects;
  /** The step's environment, looked at for `ACTIONS_ALLOW_UNSECURE_COMMANDS` and the like. */
  readonly env: { readonly [name: string]: string };
  readonly repository: RepositoryPlace;
  /** `debug` commands are shown, and commands are echoed. */
  readonly debug: boolean;
  readonly clock: Clock;
}

/** Where annotations find the files they name. */
export interface RepositoryPlace {
  /** `GITHUB_WORKSPACE` */
  readonly workspace: string;
  /** `owner/repo` */
  readonly repository: string;
  readonly serverUrl: string;
}

/**
 * The log of one step: bytes and lines in, frames out. Frames leave when 64 KiB are there, and at the latest 250 ms
 * after their first byte.
 */
export class StepLog {
  constructor(_options: StepLogOptions) {}

  /**
   * Output of the step's process: workflow commands are obeyed, problems matched, secrets hidden. Pieces may be cut
   * anywhere. A returned promise is back-pressure.
   */
  write(_bytes: Uint8Array): void | Promise<void> {
    throw new Error("not built yet");
  }

  /** A line of the runner's own (without its line end): masked, never obeyed. */
  line(_text: string): void {
    throw new Error("not built yet");
  }

  /** `##[error]…`, `##[warning]…`, `##[notice]…` in the log, and the annotation. */
  annotate(_annotation: Omit<AnnotationFrame, "type" | "step">): void {
    throw new Error("not built yet");
  }

  /** `##[debug]…`, where debug is on. */
  debug(_message: string): void {
    throw new Error("not built yet");
  }

  /**
   * A log for a step inside this one (of a composite action): it writes to the same place, but stop-commands and echo
   * are its own. Close it before this one is written to again.
   */
  nested(_options: Pick<StepLogOptions, "effects" | "env">): StepLog {
    throw new Error("not built yet");
  }

  /** Sends what is there by now, except for a line that may still become a command and a tail that may be a secret. */
  flush(): void | Promise<void> {
    throw new Error("not built yet");
  }

  /** The process has ended: sends everything. Nothing may be written after. */
  close(): Promise<void> {
    throw new Error("not built yet");
  }
}
