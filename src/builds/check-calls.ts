import { posix } from "node:path";
import type { Diagnostic } from "../spec/diagnostic.ts";
import { pathInOwnRepository } from "../spec/path-in-own-repository.ts";
import { suggest } from "../spec/suggest.ts";
import type { SourcePosition } from "../spec/template/template-value.ts";
import type { CallJobSpec, WorkflowSpec } from "../spec/workflow-spec.ts";
import { checkCall } from "./check-call.ts";

/** A file with everything that is wrong with it. */
export interface CheckedFile {
  readonly file: string;
  readonly content: string;
  readonly spec: WorkflowSpec | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** The same while it is checked. */
export interface GrowingFile extends CheckedFile {
  readonly diagnostics: Diagnostic[];
}

/** The files of the repository that the pipelines are in. */
export interface OwnFiles {
  /** What the file holds, or why it cannot be read. */
  read(file: string): Promise<{ readonly content: string } | { readonly problem: string }>;
  /** Pipeline files that are there, for suggestions. */
  pipelines(): Promise<readonly string[]>;
}

/**
 * Checks the workflows of the own repository that jobs of `from` call: there, sound, called as they say. What is wrong is
 * added to the diagnostics of `from`; called files are added to `files`, with their own.
 */
export async function checkCalls(
  from: GrowingFile,
  files: Map<string, GrowingFile>,
  own: OwnFiles,
): Promise<void> {
  for (const job of from.spec?.jobs ?? []) if (job.kind === "call") await checkJob(job, from, files, own);
}

async function checkJob(
  job: CallJobSpec,
  from: GrowingFile,
  files: Map<string, GrowingFile>,
  own: OwnFiles,
): Promise<void> {
  const path = pathInOwnRepository(job.uses);
  if (path === undefined) return;
  const file = posix.normalize(path);
  if (file.startsWith("../")) {
    from.diagnostics.push(
      problemAt("invalid-call", `'${job.uses}' is outside of the repository`, job.at, from.file),
    );
    return;
  }
  const called = files.get(file) ?? (await load(file, job, from, files, own));
  if (called === undefined) return;
  if (called.spec === undefined) {
    from.diagnostics.push(
      problemAt("invalid-call", `The called workflow ${file} has mistakes.`, job.at, from.file),
    );
    return;
  }
  const allowed = job.permissions ?? from.spec?.permissions;
  for (const message of checkCall(job, called.spec, allowed))
    from.diagnostics.push(problemAt("invalid-call", message, job.at, from.file));
}

async function load(
  file: string,
  job: CallJobSpec,
  from: GrowingFile,
  files: Map<string, GrowingFile>,
  own: OwnFiles,
): Promise<GrowingFile | undefined> {
  const read = await own.read(file);
  if ("problem" in read) {
    const meant = suggest(file, await own.pipelines());
    const message = `Cannot read the workflow '${job.uses}': ${read.problem}`;
    from.diagnostics.push({
      ...problemAt("unknown-workflow", message, job.at, from.file),
      ...(meant === undefined ? {} : { hint: `Did you mean ./${meant}?` }),
    });
    return undefined;
  }
  const { content } = read;
  const { parsePipeline } = await import("../spec/parse-pipeline.ts");
  const { spec, diagnostics } = parsePipeline({ path: file, content });
  const loaded = { file, content, spec, diagnostics };
  files.set(file, loaded);
  return loaded;
}

/** An error at a place that has no length. */
export function problemAt(
  code: string,
  message: string,
  { line, column }: SourcePosition,
  file: string,
): Diagnostic {
  return { severity: "error", code, message, file, line, column, endLine: line, endColumn: column + 1 };
}
