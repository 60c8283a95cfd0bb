import { createHash } from "node:crypto";
import { pack } from "tar-stream";

export type LayerEntry = {
  /** Without a slash at either end. */
  readonly path: string;
  readonly uid?: number;
  readonly gid?: number;
} & (
  | { readonly type: "directory"; readonly mode?: number }
  | { readonly type: "file"; readonly content: Uint8Array | string; readonly mode?: number }
  | { readonly type: "link"; readonly target: string }
);

/**
 * A tar of these entries, of root where they name nobody, without times: the same entries give the same bytes. Folders that
 * lead to an entry are made where none is given, and every folder stands before what is in it.
 */
export async function layerTar(entries: readonly LayerEntry[]): Promise<Buffer> {
  const byPath = new Map<string, LayerEntry>();
  for (const { path } of entries) {
    for (let end = path.indexOf("/"); end > 0; end = path.indexOf("/", end + 1)) {
      const folder = path.slice(0, end);
      byPath.set(folder, { path: folder, type: "directory" });
    }
  }
  for (const entry of entries) byPath.set(entry.path, entry);
  const sorted = [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const tar = pack();
  const chunks: Buffer[] = [];
  const whole = (async () => {
    for await (const chunk of tar) chunks.push(chunk as Buffer);
  })();
  for (const entry of sorted) {
    const header = { uid: entry.uid ?? 0, gid: entry.gid ?? 0, mtime: new Date(0) };
    if (entry.type === "directory") {
      tar.entry({ ...header, name: `${entry.path}/`, type: "directory", mode: entry.mode ?? 0o755 });
    } else if (entry.type === "link") {
      tar.entry({ ...header, name: entry.path, type: "symlink", linkname: entry.target, mode: 0o777 });
    } else {
      const content = Buffer.from(entry.content);
      tar.entry({ ...header, name: entry.path, type: "file", mode: entry.mode ?? 0o644 }, content);
    }
  }
  tar.finalize();
  await whole;
  return Buffer.concat(chunks);
}

export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}
