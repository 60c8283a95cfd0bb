import { DiagnosticList } from "../diagnostic-list.ts";
import type { ParsedPipeline, PipelineFile } from "../pipeline-file.ts";
import { SourceText } from "../source-text.ts";
import { readTemplate } from "../template/template-reader.ts";
import { convertWorkflow } from "./convert-workflow.ts";
import { WORKFLOW_SCHEMA } from "./workflow-schema.ts";

/** Reads a GitHub workflow file and says everything that is wrong with it. Never throws. */
export function parseWorkflow(file: PipelineFile): ParsedPipeline {
  const source = new SourceText(file.content);
  const diagnostics = new DiagnosticList(file.path, source);
  const root = readTemplate(source, WORKFLOW_SCHEMA, "workflow-root-strict", diagnostics);
  const spec =
    root?.kind === "mapping" ? convertWorkflow(root, file.path, { source, diagnostics }) : undefined;
  const found = diagnostics.toArray();
  return spec && !diagnostics.hasErrors ? { spec, diagnostics: found } : { diagnostics: found };
}
