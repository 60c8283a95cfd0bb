import { randomUUID } from "node:crypto";
import { findWorkspaceFiles } from "../runner/artifacts/workspace-files.ts";
import { zipFiles } from "../runner/artifacts/zip-files.ts";
import type { ArtifactSpec } from "../spec/workflow-spec.ts";
import type { ArtifactCatalog, KeptArtifact } from "./artifact-catalog.ts";
import { checkArtifactName } from "./artifact-name.ts";
import { artifactKey } from "./content-keys.ts";
import type { Uploads } from "./uploads.ts";

export interface CollectorParts {
  readonly catalog: ArtifactCatalog;
  readonly uploads: Pick<Uploads, "stage">;
  readonly clock: () => number;
  /** Where the file says nothing; absent: for ever. */
  readonly retentionDays?: number;
}

/** Whose workspace it is. Absent parts: the build's own, of one run. */
export interface Collected {
  readonly buildId: string;
  readonly runId?: string;
  readonly space?: string;
  readonly jobKey?: string;
  readonly attempt?: number;
  readonly jobBackendId?: string;
  /** Absolute path. Nothing outside it is read, through no link. */
  readonly workspace: string;
  readonly specs: readonly ArtifactSpec[];
}

export interface Collection {
  readonly artifacts: readonly KeptArtifact[];
  /** What could not be kept and why, one text each, for a person. */
  readonly problems: readonly string[];
  /** Those of them of which there was nothing: by the artifact's name, the problem. */
  readonly missing: ReadonlyMap<string, string>;
}

const DAY_MS = 24 * 3600 * 1000;

/** Keeps the files a `.platform.yaml` names, each artifact as one zip. What fails is a problem, and the next is tried. */
export async function collectArtifacts(parts: CollectorParts, request: Collected): Promise<Collection> {
  const artifacts: KeptArtifact[] = [];
  const problems: string[] = [];
  const missing = new Map<string, string>();
  for (const spec of request.specs) {
    try {
      const found = await findWorkspaceFiles(request.workspace, spec.path);
      problems.push(...found.problems.map((problem) => `artifact ${spec.name}: ${problem}`));
      if (found.files.length > 0) {
        artifacts.push(await keep(parts, request, spec, found.files));
      } else if (found.problems.length === 0) {
        const problem = `artifact ${spec.name}: nothing matches ${JSON.stringify(spec.path)}`;
        missing.set(spec.name, problem);
        problems.push(problem);
      }
    } catch (error) {
      problems.push(`artifact ${spec.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { artifacts, problems, missing };
}

async function keep(
  parts: CollectorParts,
  request: Collected,
  spec: ArtifactSpec,
  files: readonly string[],
): Promise<KeptArtifact> {
  checkArtifactName(spec.name);
  const {
    buildId,
    workspace,
    runId = buildId,
    space = "",
    jobKey = "",
    attempt = 1,
    jobBackendId = "",
  } = request;
  const now = parts.clock();
  const key = artifactKey(space, runId, randomUUID());
  const content = await parts.uploads.stage(await zipFiles(workspace, files), key);
  try {
    return await parts.catalog.add(
      {
        ...{ runId, space, buildId, jobKey, attempt, jobBackendId, name: spec.name },
        mimeType: "application/zip",
        file: spec.name.toLowerCase().endsWith(".zip") ? spec.name : `${spec.name}.zip`,
        digest: await content.digest(),
        createdAt: now,
        expiresAt: expiry(spec, now, parts.retentionDays),
      },
      content,
    );
  } finally {
    await content.discard();
  }
}

function expiry({ expiresSeconds }: ArtifactSpec, now: number, retentionDays: number | undefined): number {
  if (expiresSeconds !== undefined) return now + expiresSeconds * 1000;
  return retentionDays === undefined ? Number.MAX_SAFE_INTEGER : now + retentionDays * DAY_MS;
}
