import { readFileSync } from "node:fs";
import type { Diagnostic } from "../../spec/diagnostic.ts";
import type { WorkflowSpec } from "../../spec/workflow-spec.ts";
import { UsageError } from "../usage-error.ts";
import { describeFileError } from "./file-error.ts";
import { displayPath } from "./find-pipelines.ts";

/** A pipeline file, read and checked. */
export interface LoadedPipeline {
  /** Absolute. */
  readonly path: string;
  /** Relative to the project: what messages call it. */
  readonly file: string;
  readonly content: string;
  /** Undefined exactly when there is an error among the diagnostics. */
  readonly spec: WorkflowSpec | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads and parses pipeline files. Throws `UsageError` on one that cannot be read; mistakes in one are values. */
export async function loadPipelines(paths: readonly string[], root: string): Promise<LoadedPipeline[]> {
  const files = paths.map((path) => ({
    path,
    file: displayPath(path, root),
    content: readPipeline(path, root),
  }));
  // Loading the parser takes most of a short command's time: git runs beside it.
  const { parsePipeline } = await import("../../spec/parse-pipeline.ts");
  return files.map((file) => {
    const { spec, diagnostics } = parsePipeline({ path: file.file, content: file.content });
    return { ...file, spec, diagnostics };
  });
}

function readPipeline(path: string, root: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read ${displayPath(path, root)}: ${describeFileError(error)}.`);
  }
}

export function hasErrors({ diagnostics }: { readonly diagnostics: readonly Diagnostic[] }): boolean {
  return diagnostics.some(({ severity }) => severity === "error");
}
