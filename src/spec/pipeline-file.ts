import type { Diagnostic } from "./diagnostic.ts";
import type { WorkflowSpec } from "./workflow-spec.ts";

/** A pipeline file as it was read. */
export interface PipelineFile {
  /** As diagnostics name it, normally relative to the repository. */
  readonly path: string;
  readonly content: string;
}

export interface ParsedPipeline {
  /** Undefined exactly when there is an error among the diagnostics. */
  spec?: WorkflowSpec;
  /** All mistakes at once, in the order of the file. */
  diagnostics: Diagnostic[];
}
