import { PassThrough, type Readable } from "node:stream";
import { openWorkspaceFile } from "./workspace-files.ts";

/**
 * A zip of files of a workspace, made as it is read; each in it under its path from there. Fails while it is read where
 * a file is gone, leads outside or changes its size meanwhile.
 */
export async function zipFiles(workspace: string, paths: readonly string[]): Promise<Readable> {
  // Once bundled, a CommonJS package has its default export alone.
  const { ZipFile } = (await import("yazl")).default;
  const zip = new ZipFile();
  const output = new PassThrough();
  zip.on("error", (error: Error) => output.destroy(error));
  zip.outputStream.pipe(output);
  for (const path of paths) {
    const handle = await openWorkspaceFile(workspace, path);
    const stats = await handle.stat().finally(() => handle.close());
    zip.addReadStreamLazy(path, { mtime: stats.mtime, mode: stats.mode, size: stats.size }, (callback) => {
      openWorkspaceFile(workspace, path).then(
        (file) => callback(null, file.createReadStream({ highWaterMark: 256 * 1024 })),
        (error) => output.destroy(error),
      );
    });
  }
  zip.end();
  return output;
}
