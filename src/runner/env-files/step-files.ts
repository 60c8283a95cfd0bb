import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ArtifactSubject } from "./artifact-subjects.ts";
import { decodeText } from "./decode-text.ts";
import { parseKeyValues } from "./parse-key-values.ts";
import { rewriteFile } from "./rewrite-file.ts";

const KIB = 1_024;
const LARGEST_SUMMARY = 1_024 * KIB;
const LARGEST_ARTIFACTS = 1_024 * KIB;
/** A step may not set these for the steps after it. */
const BLOCKED_ENV: ReadonlySet<string> = new Set(["NODE_OPTIONS"]);

export interface StepFiles {
  /** `GITHUB_ENV`, `GITHUB_OUTPUT`, `GITHUB_PATH`, `GITHUB_STATE`, `GITHUB_STEP_SUMMARY`, `GITHUB_ARTIFACTS`, `GITHUB_ARTIFACTS_LIST`. */
  readonly env: { readonly [name: string]: string };
  /** What the step wrote, once it has ended. Never throws: what is wrong is in `errors`. */
  read(): StepFileContents;
  /** Makes them ready for another step, as if they were new. Throws as `fs` does. */
  renew(declared: ReadonlyMap<string, ArtifactSubject>): void;
  /** Removes the files. */
  remove(): void;
}

type KeyValue = readonly [name: string, value: string];

interface StepFileContents {
  /** In the order of the file; a later one of the same name wins. */
  readonly env: readonly KeyValue[];
  readonly outputs: readonly KeyValue[];
  readonly state: readonly KeyValue[];
  /** In the order of the file: the last one comes first in PATH. */
  readonly paths: readonly string[];
  /** Markdown, not masked yet; absent where the step wrote none, or too much. */
  readonly summary?: string;
  /** The text of the `GITHUB_ARTIFACTS` file, for `declareArtifacts`; absent where it is empty. */
  readonly artifacts?: string;
  readonly errors: readonly StepFileError[];
}

interface StepFileError {
  /** For the log, one error each; not masked. */
  readonly messages: readonly string[];
  /** True: the step fails, whatever its exit code. */
  readonly failsStep: boolean;
}

/** GitHub's names: of the variable, of the context's key, of the file. */
const FILES = {
  GITHUB_ENV: { context: "env", file: "set_env" },
  GITHUB_OUTPUT: { context: "output", file: "set_output" },
  GITHUB_PATH: { context: "path", file: "add_path" },
  GITHUB_STATE: { context: "state", file: "save_state" },
  GITHUB_STEP_SUMMARY: { context: "step_summary", file: "step_summary" },
  GITHUB_ARTIFACTS: { context: "artifacts", file: "artifacts" },
} as const;

type FileVariable = keyof typeof FILES;
const VARIABLES = Object.keys(FILES) as FileVariable[];

/**
 * Makes the files of one step in `directory` (which is made if missing); `stepIndex` is unique within it. `declared`
 * are the job's artifacts so far, for the step to read in `GITHUB_ARTIFACTS_LIST`.
 */
export function createStepFiles(
  directory: string,
  stepIndex: number,
  declared: ReadonlyMap<string, ArtifactSubject> = new Map(),
): StepFiles {
  const paths = Object.fromEntries(
    VARIABLES.map((variable) => [variable, join(directory, `${FILES[variable].file}_${stepIndex}`)]),
  ) as Record<FileVariable, string>;
  const list = join(directory, `artifacts_list_${stepIndex}`);
  const all = [...Object.values(paths), list];
  const fill = (subjects: ReadonlyMap<string, ArtifactSubject>) => {
    for (const path of Object.values(paths)) rewriteFile(path, "");
    rewriteFile(list, listText(subjects));
  };
  const renew = (subjects: ReadonlyMap<string, ArtifactSubject>) => {
    try {
      fill(subjects);
    } catch {
      // The folder is missing nearly never: made for the job's first step, or by a step that emptied its temp folder.
      mkdirSync(directory, { recursive: true });
      fill(subjects);
    }
  };
  renew(declared);
  return {
    env: { ...paths, GITHUB_ARTIFACTS_LIST: list },
    read: () => readFiles(paths),
    renew,
    remove() {
      for (const path of all) rmSync(path, { recursive: true, force: true });
    },
  };
}

function readFiles(paths: Readonly<Record<FileVariable, string>>): StepFileContents {
  const errors: StepFileError[] = [];
  const guarded = <T>(variable: FileVariable, whenWrong: T, readOne: (path: string) => T): T => {
    try {
      return readOne(paths[variable]);
    } catch (error) {
      errors.push(cannotProcess(variable, (error as Error).message));
      return whenWrong;
    }
  };
  const keyValues = (variable: FileVariable): readonly KeyValue[] =>
    guarded(variable, [], (path) => {
      const { pairs, error } = parseKeyValues(readText(path));
      if (error !== undefined) errors.push(cannotProcess(variable, error));
      return pairs;
    });

  const paths_ = guarded("GITHUB_PATH", [], (path) =>
    readText(path)
      .split(/\r\n|\r|\n/)
      .filter((line) => line !== ""),
  );
  const env = keyValues("GITHUB_ENV").filter(([name]) => {
    const blocked = name.toUpperCase();
    if (!BLOCKED_ENV.has(blocked)) return true;
    const message = `Can't store ${blocked} output parameter using '$GITHUB_ENV' command.`;
    errors.push({ messages: [message], failsStep: false });
    return false;
  });
  const summary = guarded("GITHUB_STEP_SUMMARY", "", (path) => readSummary(path, errors));
  const state = keyValues("GITHUB_STATE");
  const outputs = keyValues("GITHUB_OUTPUT");
  const artifacts = guarded("GITHUB_ARTIFACTS", "", readArtifacts);
  return {
    env,
    outputs,
    state,
    paths: paths_,
    ...(summary !== "" && { summary }),
    ...(artifacts !== "" && { artifacts }),
    errors,
  };
}

function cannotProcess(variable: FileVariable, message: string): StepFileError {
  const first = `Unable to process file command '${FILES[variable].context}' successfully.`;
  return { messages: [first, message], failsStep: true };
}

function readSummary(path: string, errors: StepFileError[]): string {
  const size = sizeOf(path);
  if (size <= LARGEST_SUMMARY) return readText(path, size);
  errors.push({
    messages: [
      `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of ${LARGEST_SUMMARY / KIB}k, got ${Math.floor(size / KIB)}k. For more information see: https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions#adding-a-markdown-summary`,
    ],
    failsStep: false,
  });
  return "";
}

function readArtifacts(path: string): string {
  const size = sizeOf(path);
  if (size <= LARGEST_ARTIFACTS) return readText(path, size);
  throw new Error(
    `$GITHUB_ARTIFACTS file exceeds the maximum size of ${LARGEST_ARTIFACTS / KIB} KiB (got ${Math.floor(size / KIB)} KiB).`,
  );
}

/** A file that the step removed is as good as an empty one. */
function readText(path: string, size = sizeOf(path)): string {
  return size === 0 ? "" : decodeText(readFileSync(path));
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function listText(declared: ReadonlyMap<string, ArtifactSubject>): string {
  const subjects = [...declared.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return JSON.stringify({
    version: 1,
    subjects: subjects.map(({ name, digest, kind }) => ({ name, digest, kind })),
  });
}
