import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../clock.ts";
import type { DockerEngine } from "./docker-engine.ts";
import { attemptOfLabels, JobNames, LABEL } from "./job-names.ts";
import { socketFolderName } from "./socket-folder-name.ts";

/** A folder is made before its job's container: a younger one may be that of a job which is about to have one. */
const OLD_MS = 10 * 60_000;

/** Removes folders of sockets of jobs that have no container any more: a worker that crashed left them. */
export async function sweepSocketFolders(
  {
    socketFolder,
    installation,
    clock,
  }: { readonly socketFolder: string; readonly installation: string; readonly clock: Clock },
  engine: Pick<DockerEngine, "listContainers">,
): Promise<void> {
  const old = foldersIn(socketFolder).filter((name) =>
    isOlder(join(socketFolder, name), clock.now() - OLD_MS),
  );
  if (old.length === 0) return;
  const used = new Set<string>();
  for (const { labels } of await engine.listContainers({ [LABEL.installation]: installation })) {
    const attempt = attemptOfLabels(labels);
    if (attempt !== undefined) used.add(socketFolderName(new JobNames(installation, attempt)));
  }
  for (const name of old) {
    if (!used.has(name)) rmSync(join(socketFolder, name), { recursive: true, force: true });
  }
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^[0-9a-f]{20}$/.test(name));
  } catch {
    return [];
  }
}

function isOlder(path: string, thanMs: number): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? thanMs) < thanMs;
}
