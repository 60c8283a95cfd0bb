/**
 * What workflow commands in a step's output do to the job. What they do to the log, the masks, the annotations and
 * the problem matchers is `StepLog`'s own doing.
 */
export interface CommandEffects {
  /** `set-env`: only when the step's environment allows unsecure commands. */
  setEnv(name: string, value: string): void;
  /** `add-path`: likewise. The last one added comes first in PATH. */
  addPath(path: string): void;
  /** `set-output` */
  setOutput(name: string, value: string): void;
  /** `save-state` */
  saveState(name: string, value: string): void;
  /** A command could not be obeyed (the log already says why): the step fails, whatever its exit code. */
  commandFailed(): void;
}
