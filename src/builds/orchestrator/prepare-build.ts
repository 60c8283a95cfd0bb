import { ExecError } from "../../errors.ts";
import type { Json, JsonObject } from "../../json.ts";
import { formatDiagnostic } from "../../spec/format-diagnostic.ts";
import { parsePipeline } from "../../spec/parse-pipeline.ts";
import type { PipelineFile } from "../../spec/pipeline-file.ts";
import type { WorkflowSpec } from "../../spec/workflow-spec.ts";
import type { BuildRecord, BuildSnapshot } from "../../store/build-record.ts";
import { buildContext, buildTitle, workflowName } from "../build-context.ts";
import type { BuildDefinition } from "../build-machine.ts";
import { githubOfBuild } from "../github-of-build.ts";
import { resolveInputs } from "../resolve-inputs.ts";

export interface PreparedBuild {
  readonly definition: BuildDefinition;
  /** `GITHUB_TOKEN`. */
  readonly token: string | undefined;
  readonly title: string;
  readonly workflow: string;
  readonly warnings: readonly string[];
}

/**
 * What a build runs from, out of its snapshot. Throws `ExecError` `InvalidSpec`, with all mistakes, where the pipeline
 * or the inputs are none.
 */
export function prepareBuild(
  build: BuildRecord,
  snapshot: BuildSnapshot,
  secrets: { readonly [name: string]: string },
  parse: (file: PipelineFile) => SoundPipeline,
): PreparedBuild {
  const { file, content, vars, onlyJobs } = snapshot;
  const { spec, warnings } = parse({ path: file, content });
  const context = buildContext({ spec, github: githubOfBuild(build, snapshot.github), secrets });
  const { inputs, eventInputs, problems } = resolveInputs(spec, textsOf(snapshot.inputs), {
    event: build.event,
    contexts: { github: context.github, vars },
  });
  if (problems.length > 0) {
    throw new ExecError("InvalidSpec", `The inputs have mistakes:\n${problems.join("\n")}`);
  }
  const github = withInputs(context.github, build.event, eventInputs);
  const { title, problem } = buildTitle(spec, { github, vars, inputs });
  return {
    definition: {
      spec,
      github,
      vars,
      inputs,
      secrets: context.secrets,
      ...(onlyJobs === undefined ? {} : { only: { jobs: onlyJobs } }),
    },
    token: context.token,
    title,
    workflow: workflowName(spec),
    warnings: problem === undefined ? warnings : [...warnings, problem],
  };
}

export interface SoundPipeline {
  readonly spec: WorkflowSpec;
  readonly warnings: readonly string[];
}

/** Throws `ExecError` `InvalidSpec` with every mistake, each with its place and line. */
export function parseSound(file: PipelineFile, what: string): SoundPipeline {
  const { spec, diagnostics } = parsePipeline(file);
  if (spec === undefined) {
    const mistakes = diagnostics
      .filter(({ severity }) => severity === "error")
      .map((diagnostic) => formatDiagnostic(diagnostic, file.content, { color: false }));
    throw new ExecError("InvalidSpec", `${what} ${file.path} has mistakes:\n${mistakes.join("\n")}`);
  }
  const warnings = diagnostics.map(
    ({ message, line, column }) => `${file.path}:${line}:${column}: ${message}`,
  );
  return { spec, warnings };
}

function withInputs(github: JsonObject, name: string, inputs: JsonObject): JsonObject {
  const { event } = github;
  if (name !== "workflow_dispatch" || typeof event !== "object" || event === null || Array.isArray(event)) {
    return github;
  }
  return { ...github, event: { ...event, inputs } };
}

function textsOf(inputs: JsonObject): { [name: string]: string } {
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: Json): string {
  if (typeof value === "string") return value;
  return value === null ? "" : JSON.stringify(value);
}
