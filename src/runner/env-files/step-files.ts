import type { ArtifactSubject } from "./artifact-subjects.ts";

export interface StepFiles {
  /** `GITHUB_ENV`, `GITHUB_OUTPUT`, `GITHUB_PATH`, `GITHUB_STATE`, `GITHUB_STEP_SUMMARY`, `GITHUB_ARTIFACTS`, `GITHUB_ARTIFACTS_LIST`. */
  readonly env: { readonly [name: string]: string };
  /** What the step wrote, once it has ended. Never throws: what is wrong is in `errors`. */
  read(): StepFileContents;
  /** Removes the files. */
  remove(): void;
}

export interface StepFileContents {
  /** In the order of the file; a later one of the same name wins. */
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly outputs: readonly (readonly [name: string, value: string])[];
  readonly state: readonly (readonly [name: string, value: string])[];
  /** In the order of the file: the last one comes first in PATH. */
  readonly paths: readonly string[];
  /** Markdown, not masked yet; absent where the step wrote none, or too much. */
  readonly summary?: string;
  /** The text of the `GITHUB_ARTIFACTS` file, for `declareArtifacts`; absent where it is empty. */
  readonly artifacts?: string;
  readonly errors: readonly StepFileError[];
}

export interface StepFileError {
  /** For the log, one error each; not masked. */
  readonly messages: readonly string[];
  /** True: the step fails, whatever its exit code. */
  readonly failsStep: boolean;
}

/** Makes the files of one step in `directory` (which is made if missing); `stepIndex` is unique within it. */
export function createStepFiles(
  _directory: string,
  _stepIndex: number,
  _declared: ReadonlyMap<string, ArtifactSubject> = new Map(),
): StepFiles {
  throw new Error("not built yet");
}
