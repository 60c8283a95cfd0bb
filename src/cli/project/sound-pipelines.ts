import { resolve } from "node:path";
import type { WorkflowSpec } from "../../spec/workflow-spec.ts";
import type { Io } from "../io.ts";
import { wantsColor } from "../output/color.ts";
import { UsageError } from "../usage-error.ts";
import { findPipelineFile, findProjectRoot, namedPipelines, projectPipelines } from "./find-pipelines.ts";
import { hasErrors, type LoadedPipeline, loadPipelines } from "./load-pipeline.ts";
import { projectFolder } from "./open-project.ts";
import { diagnosticsText } from "./print-diagnostics.ts";

export type SoundPipeline = LoadedPipeline & { readonly spec: WorkflowSpec };

export interface LookedAt {
  readonly root: string;
  readonly sound: readonly SoundPipeline[];
  readonly broken: readonly LoadedPipeline[];
}

/**
 * The pipelines a command that only looks is about: those named, else all of the project. Mistakes go to standard
 * error. Throws `UsageError` where there are none.
 */
export async function lookAtPipelines(
  names: { readonly directory: string | undefined; readonly workflows: readonly string[] },
  positionals: readonly string[],
  io: Io,
): Promise<LookedAt> {
  const folder = projectFolder(names.directory, io);
  const root = findProjectRoot(folder);
  const files = positionals.map((name) => {
    const found = findPipelineFile(name, folder, root);
    if (found === undefined) throw new UsageError(`There is no pipeline file ${name}.`);
    return resolve(folder, found);
  });
  const wanted = [...namedPipelines(names.workflows, folder).paths, ...files];
  const paths = wanted.length > 0 ? wanted : projectPipelines(root);
  if (paths.length === 0) {
    throw new UsageError(
      `There is no pipeline in ${root}.`,
      "Looked for .workflows/*.yml, .github/workflows/*.yml and .platform.yaml.",
    );
  }
  const loaded = await loadPipelines(paths, root);
  const broken = loaded.filter(hasErrors);
  if (broken.length > 0) io.stderr.write(`${await diagnosticsText(broken, wantsColor(io.env, io.stderr))}\n`);
  return { root, sound: loaded.filter((each): each is SoundPipeline => each.spec !== undefined), broken };
}

export function pipelineName({ spec, file }: SoundPipeline): string {
  return spec.name ?? file;
}
