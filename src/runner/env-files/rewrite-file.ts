import { closeSync, ftruncateSync, lstatSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";

/**
 * Gives a file this content, whatever stands in its place: a link or a folder goes, and is not written through. A
 * file that is there is not emptied first: ext4 writes one that was emptied and filled again out to the disk when it
 * is closed. Throws as `fs` does.
 */
export function rewriteFile(path: string, text: string): void {
  const known = lstatSync(path, { throwIfNoEntry: false });
  // A file with a second name may be another's, one that we may not write is replaced.
  const ours = known?.isFile() === true && known.nlink === 1 && (known.mode & 0o600) === 0o600;
  if (known === undefined || !ours) {
    if (known !== undefined) rmSync(path, { recursive: true, force: true });
    writeFileSync(path, text);
    return;
  }
  if (known.size === 0 && text === "") return;
  const bytes = Buffer.from(text);
  const file = openSync(path, "r+");
  try {
    let written = 0;
    while (written < bytes.length)
      written += writeSync(file, bytes, written, bytes.length - written, written);
    if (known.size > bytes.length) ftruncateSync(file, bytes.length);
  } finally {
    closeSync(file);
  }
}
