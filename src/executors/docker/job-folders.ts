import { chmodSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { pack } from "tar-stream";
import type { DockerEngine } from "./docker-engine.ts";

/** Makes folders that are mounted, and lets any user of an image write to them where they are this user's. */
export function openFolders(folders: readonly string[], forAnybody: boolean): void {
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true });
    if (!forAnybody) continue;
    try {
      chmodSync(folder, 0o777);
    } catch {
      // Somebody else's: then who owns it decides.
    }
  }
}

/** Makes folders in a container that does not run yet, on its volumes, that any user may write to. */
export async function ownFolders(
  engine: DockerEngine,
  container: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const tar = pack();
  const all = new Set<string>();
  for (const path of paths) for (let at = path; at !== "/"; at = dirname(at)) all.add(at);
  for (const path of [...all].sort())
    tar.entry({ name: `${path.slice(1)}/`, type: "directory", mode: 0o777 });
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  await engine.writeArchive(container, "/", Buffer.concat(chunks), signal);
}
