import type { JobRequest } from "../../protocol/job-request.ts";
import type { ArtifactSpec } from "../../spec/workflow-spec.ts";
import { ArtifactClient, type ArtifactClientOptions } from "./artifact-client.ts";
import { findWorkspaceFiles } from "./workspace-files.ts";
import { zipFiles } from "./zip-files.ts";

export interface KeepArtifactsOptions extends Omit<ArtifactClientOptions, "services"> {
  readonly log: (line: string) => void;
  /** What could not be kept, and why. */
  readonly warn: (message: string) => void;
}

/**
 * Keeps what `.platform.yaml` names as artifacts, as far as this job's workspace has it. Of an artifact for which several
 * jobs have files the service keeps that of the last in the file; that nobody has any the last job to end warns. Never
 * rejects.
 */
export async function keepArtifacts(request: JobRequest, options: KeepArtifactsOptions): Promise<void> {
  const { collect = [], services, directories } = request;
  const { log, warn, clock } = options;
  if (collect.length === 0) return;
  if (services === undefined) {
    warn("Artifacts cannot be kept: this job has no artifact service.");
    return;
  }
  let client: ArtifactClient | undefined;
  const missing = new Map<string, string>();
  for (const spec of collect) {
    try {
      const { files, problems } = await findWorkspaceFiles(directories.workspace, spec.path);
      for (const problem of problems) warn(`Artifact ${spec.name}: ${problem}`);
      if (files.length === 0) {
        if (problems.length === 0) missing.set(spec.name, JSON.stringify(spec.path));
        continue;
      }
      client ??= new ArtifactClient({ ...options, services });
      const size = await client.keep({
        name: spec.name,
        ...expiryOf(spec, clock.now()),
        content: () => zipFiles(directories.workspace, files),
      });
      log(
        size === undefined
          ? `Artifact ${spec.name}: that of a later step is kept`
          : `Artifact ${spec.name}: ${files.length} ${files.length === 1 ? "file" : "files"}, ${size} bytes as a zip`,
      );
    } catch (error) {
      warn(`Artifact ${spec.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (missing.size === 0) return;
  let nobodys: readonly string[] = [];
  try {
    client ??= new ArtifactClient({ ...options, services });
    nobodys = await client.missing([...missing.keys()]);
  } catch {
    // Only whether to warn was asked.
  }
  for (const [name, path] of missing) {
    if (nobodys.includes(name)) warn(`Artifact ${name}: nothing matches ${path}`);
    else log(`Artifact ${name}: nothing here matches ${path}`);
  }
}

function expiryOf({ expiresSeconds }: ArtifactSpec, now: number): { readonly expiresAt?: number } {
  return expiresSeconds === undefined ? {} : { expiresAt: now + expiresSeconds * 1_000 };
}
