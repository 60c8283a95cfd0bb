import type { ParsedPipeline, PipelineFile } from "./pipeline-file.ts";
import { parsePlatform } from "./platform/parse-platform.ts";
import { parseWorkflow } from "./workflow/parse-workflow.ts";

const PLATFORM_FILE = /(?:^|[/\\])[^/\\]*\.platform\.ya?ml$/i;

/** Reads a pipeline file of either syntax: `.platform.yaml` (or `.yml`) by its name, anything else is a workflow. */
export function parsePipeline(file: PipelineFile): ParsedPipeline {
  return PLATFORM_FILE.test(file.path) ? parsePlatform(file) : parseWorkflow(file);
}
