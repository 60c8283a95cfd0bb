import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";

/**
 * Gives a file this content, with as little work as that takes: nothing where it has it already. A file is not
 * emptied first: ext4 writes one that was emptied and filled again out to the disk when it is closed. Throws as `fs`
 * does.
 */
export function rewriteFile(path: string, text: string): void {
  const known = statSync(path, { throwIfNoEntry: false });
  if (known === undefined || !known.isFile()) {
    writeFileSync(path, text);
    return;
  }
  const bytes = Buffer.from(text);
  if (known.size === bytes.length && (bytes.length === 0 || readFileSync(path).equals(bytes))) return;
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
