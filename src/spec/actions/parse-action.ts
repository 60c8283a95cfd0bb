import type { Diagnostic } from "../diagnostic.ts";
import type { PipelineFile } from "../pipeline-file.ts";
import type { ActionSpec } from "./action-spec.ts";

/** Reads an `action.yml` and says everything that is wrong with it. `spec` is undefined iff there is an error. */
export function parseAction(_file: PipelineFile): { spec?: ActionSpec; diagnostics: Diagnostic[] } {
  return { diagnostics: [] };
}
