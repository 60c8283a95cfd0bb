import type { Dirent } from "node:fs";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type Pack, pack } from "tar-stream";

/** The kit's folder as a tar, of root and for everybody to read, made while it is read. */
export function kitTar(folder: string): Readable {
  const tar = pack();
  addAll(tar, folder, "").then(
    () => tar.finalize(),
    (error) => tar.destroy(error),
  );
  return Readable.from(tar);
}

async function addAll(tar: Pack, folder: string, prefix: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
    await add(tar, folder, prefix, entry);
}

async function add(tar: Pack, folder: string, prefix: string, entry: Dirent): Promise<void> {
  const path = join(folder, entry.name);
  const name = `${prefix}${entry.name}`;
  const header = { name, uid: 0, gid: 0, mtime: new Date(0) };
  if (entry.isSymbolicLink()) {
    tar.entry({ ...header, type: "symlink", linkname: await readlink(path), mode: 0o777 });
  } else if (entry.isDirectory()) {
    tar.entry({ ...header, type: "directory", mode: 0o755 });
    await addAll(tar, path, `${name}/`);
  } else {
    const { mode } = await stat(path);
    const content = await readFile(path);
    await new Promise<void>((resolve, reject) => {
      tar.entry({ ...header, type: "file", mode: mode & 0o111 ? 0o755 : 0o644 }, content, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }
}
