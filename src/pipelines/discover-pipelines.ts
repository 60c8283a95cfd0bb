import { ExecError } from "../errors.ts";
import { newId } from "../new-id.ts";
import { parsePipeline } from "../spec/parse-pipeline.ts";
import type { PipelineRecord, ProjectRecord } from "../store/project-record.ts";
import type { PipelineParts } from "./pipeline-parts.ts";

/**
 * The project's pipelines, after those files of its default branch were added that have none yet. Where the origin cannot
 * be had now, those of the records.
 */
export async function discoverPipelines(
  parts: PipelineParts,
  project: ProjectRecord,
): Promise<readonly PipelineRecord[]> {
  const known = await parts.store.projects.listPipelines(project.id);
  const fresh = await newFiles(parts, project, known);
  if (fresh.length === 0) return known;
  for (const { path, name } of fresh) await addPipeline(parts, project, path, name);
  return parts.store.projects.listPipelines(project.id);
}

async function newFiles(parts: PipelineParts, project: ProjectRecord, known: readonly PipelineRecord[]) {
  const { repositories, logger } = parts;
  try {
    const { sha } = await repositories.resolve(project, "HEAD");
    const files = await repositories.pipelineFiles(project, sha);
    const paths = files.filter((file) => !known.some(({ path }) => path === file));
    return await Promise.all(
      paths.map(async (path) => ({ path, name: await nameIn(parts, project, sha, path) })),
    );
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    // An empty or unreachable repository has no new files: what is known is still true.
    logger.warn(
      { projectId: project.id, code: error.code, error: error.message },
      "No pipelines were looked for.",
    );
    return [];
  }
}

/** The `name` in the file; undefined where it has none, or cannot be read. */
export async function pipelineName(
  parts: PipelineParts,
  project: ProjectRecord,
  path: string,
): Promise<string | undefined> {
  try {
    const { sha } = await parts.repositories.resolve(project, "HEAD");
    return await nameIn(parts, project, sha, path);
  } catch (error) {
    if (error instanceof ExecError) return undefined;
    throw error;
  }
}

async function nameIn({ repositories }: PipelineParts, project: ProjectRecord, sha: string, path: string) {
  const content = await repositories.readFile(project, sha, path);
  const name = content === undefined ? undefined : parsePipeline({ path, content }).spec?.name?.trim();
  return name === "" ? undefined : name;
}

/** Named as its file says, else by its path: also where another pipeline has that name. */
export async function addPipeline(
  { store, clock }: PipelineParts,
  project: ProjectRecord,
  path: string,
  name: string | undefined,
): Promise<PipelineRecord | undefined> {
  const now = clock.now();
  const pipeline = { projectId: project.id, path, enabled: true, createdAt: now, updatedAt: now };
  for (const each of name === undefined ? [path] : [name, path]) {
    try {
      return await store.projects.createPipeline({ ...pipeline, id: newId(now), name: each });
    } catch (error) {
      // The name is taken, or somebody else has just added the file.
      if (!(error instanceof ExecError && error.code === "Conflict")) throw error;
    }
  }
  return undefined;
}
