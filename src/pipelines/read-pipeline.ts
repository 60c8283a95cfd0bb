import { checkCalls, type OwnFiles } from "../builds/check-calls.ts";
import { ExecError } from "../errors.ts";
import type { Repositories, ResolvedRef } from "../repositories/repositories.ts";
import { formatDiagnostic } from "../spec/format-diagnostic.ts";
import { parsePipeline } from "../spec/parse-pipeline.ts";
import type { ParsedPipeline } from "../spec/pipeline-file.ts";
import { RecentPipelines } from "../spec/recent-pipelines.ts";
import { suggest } from "../spec/suggest.ts";
import type { WorkflowSpec } from "../spec/workflow-spec.ts";
import type { ProjectRecord } from "../store/project-record.ts";
import type { PipelineParts } from "./pipeline-parts.ts";

export interface ReadPipeline {
  readonly content: string;
  readonly spec: WorkflowSpec;
}

/** Belongs to the repositories: gone with them. */
const recent = new WeakMap<Repositories, RecentPipelines<ParsedPipeline>>();

/**
 * The pipeline file at a commit. Rejects with `NotFound`, or `InvalidSpec` with every mistake and its place, those in the
 * workflows of the same repository that it calls included.
 */
export async function readPipeline(
  { repositories }: Pick<PipelineParts, "repositories">,
  project: ProjectRecord,
  path: string,
  at: ResolvedRef,
): Promise<ReadPipeline> {
  const content = await repositories.readFile(project, at.sha, path);
  if (content === undefined) {
    const files = await repositories.pipelineFiles(project, at.sha);
    const meant = suggest(path, files);
    const hint =
      meant === undefined ? `Pipelines there: ${files.join(", ") || "none"}.` : `Did you mean ${meant}?`;
    throw new ExecError(
      "NotFound",
      `There is no file ${path} at ${at.ref} (${at.sha.slice(0, 12)}). ${hint}`,
    );
  }
  let parsed = recent.get(repositories);
  if (parsed === undefined) {
    parsed = new RecentPipelines(parsePipeline);
    recent.set(repositories, parsed);
  }
  const { spec, diagnostics } = parsed.of({ path, content });
  const files = new Map([[path, { file: path, content, spec, diagnostics: [...diagnostics] }]]);
  const own: OwnFiles = {
    async read(file) {
      const called = await repositories.readFile(project, at.sha, file);
      return called === undefined ? { problem: "there is no such file" } : { content: called };
    },
    pipelines: () => repositories.pipelineFiles(project, at.sha),
  };
  // Files that are called are added while the list is walked.
  for (const file of files.values()) await checkCalls(file, files, own);
  const mistakes = [...files.values()].flatMap((file) =>
    file.diagnostics
      .filter(({ severity }) => severity === "error")
      .map((diagnostic) => formatDiagnostic(diagnostic, file.content, { color: false })),
  );
  if (spec !== undefined && mistakes.length === 0) return { content, spec };
  const count = mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`;
  throw new ExecError("InvalidSpec", `${path} has ${count}:\n${mistakes.join("\n")}`);
}
