import { join } from "node:path";
import type { FolderBlobStore } from "../blobs/folder-blob-store.ts";
import { ExecError } from "../errors.ts";
import type { ArtifactSpec } from "../spec/workflow-spec.ts";
import type { ArtifactCatalog } from "./artifact-catalog.ts";
import { checkArtifactName } from "./artifact-name.ts";
import type { ArtifactRecord } from "./artifact-record.ts";
import type { CollectReport, CollectRequest } from "./services.ts";
import { sha256File } from "./sha256-file.ts";
import { StagedUpload } from "./staged-upload.ts";
import type { StoredArtifact } from "./stored-artifact.ts";
import { storedArtifact } from "./stored-artifacts.ts";
import { findWorkspaceFiles } from "./workspace-files.ts";
import { zipFiles } from "./zip-files.ts";

/** Keeps the files a `.platform.yaml` names, each artifact as one zip. What fails is a problem, and the next is tried. */
export async function collectArtifacts(
  catalog: ArtifactCatalog,
  store: FolderBlobStore,
  request: CollectRequest,
  clock: () => number,
): Promise<CollectReport> {
  const artifacts: StoredArtifact[] = [];
  const problems: string[] = [];
  for (const spec of request.specs) {
    try {
      const found = await findWorkspaceFiles(request.workspace, spec.path);
      problems.push(...found.problems.map((problem) => `artifact ${spec.name}: ${problem}`));
      if (found.files.length > 0) {
        const record = await keep(catalog, store, request, spec, found.files, clock());
        artifacts.push(storedArtifact(record, store));
      } else if (found.problems.length === 0) {
        problems.push(`artifact ${spec.name}: nothing matches ${JSON.stringify(spec.path)}`);
      }
    } catch (error) {
      problems.push(`artifact ${spec.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { artifacts, problems };
}

async function keep(
  catalog: ArtifactCatalog,
  store: FolderBlobStore,
  request: CollectRequest,
  spec: ArtifactSpec,
  files: readonly string[],
  now: number,
): Promise<ArtifactRecord> {
  checkArtifactName(spec.name);
  const staged = await StagedUpload.open(join(store.root, ".uploads"), Number.POSITIVE_INFINITY);
  try {
    await staged.putWhole(await zipFiles(request.workspace, files), undefined);
    if (staged.sizeBytes === undefined) throw new ExecError("Permanent", "the zip was not written");
    const record: ArtifactRecord = {
      format: 1,
      id: catalog.nextId(),
      name: spec.name,
      buildId: request.buildId,
      jobKey: "",
      attempt: 1,
      jobBackendId: "",
      mimeType: "application/zip",
      file: spec.name.toLowerCase().endsWith(".zip") ? spec.name : `${spec.name}.zip`,
      sizeBytes: staged.sizeBytes,
      digest: await sha256File(staged.path),
      createdAt: now,
      expiresAt:
        spec.expiresSeconds === undefined ? Number.MAX_SAFE_INTEGER : now + spec.expiresSeconds * 1000,
    };
    await catalog.add(record, { file: staged.path, move: true });
    return record;
  } finally {
    await staged.discard();
  }
}
