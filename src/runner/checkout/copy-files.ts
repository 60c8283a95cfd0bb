import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { type BytePath, bytePath, parentOf } from "./byte-path.ts";

export interface CopyFiles {
  /** Absolute folders. */
  readonly from: BytePath;
  readonly to: BytePath;
  /** Relative files and links. */
  readonly paths: Iterable<BytePath>;
  /** `to` may hold something already, which gives way. */
  readonly replace: boolean;
  readonly signal: AbortSignal;
}

/** Up to this size reading and writing is faster than asking the kernel to copy. */
const SMALL_BYTES = 128 * 1024;
/** Other jobs in this process get their turn after so many files. */
const TURN_EVERY = 64;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, O_CREAT, O_EXCL } = constants;

/**
 * Copies files as git would check them out: content, executable bit, links as links. What is missing in `from` is
 * missing in `to` afterwards, and so is what is reached through a link in `from` (git does not see it either).
 */
export async function copyFiles({ from, to, paths, replace, signal }: CopyFiles): Promise<void> {
  const buffer = Buffer.allocUnsafe(SMALL_BYTES + 1);
  const real = new Map<BytePath, boolean>([["", true]]);
  const made = new Set<BytePath>();
  mkdirSync(bytePath(to), { recursive: true });

  const isReal = (folder: BytePath): boolean => {
    let known = real.get(folder);
    if (known === undefined) {
      known = isReal(parentOf(folder)) && isFolder(`${from}/${folder}`);
      real.set(folder, known);
    }
    return known;
  };
  const make = (folder: BytePath): void => {
    if (folder === "" || made.has(folder)) return;
    make(parentOf(folder));
    const path = `${to}/${folder}`;
    if (replace && !isFolder(path)) rmSync(bytePath(path), { force: true });
    mkdirSync(bytePath(path), { recursive: true });
    made.add(folder);
  };

  let count = 0;
  for (const path of paths) {
    const target = bytePath(`${to}/${path}`);
    if (replace) rmSync(target, { recursive: true, force: true });
    const folder = parentOf(path);
    if (isReal(folder)) copyOne(bytePath(`${from}/${path}`), target, () => make(folder), buffer);
    if (++count % TURN_EVERY === 0) {
      await turn();
      signal.throwIfAborted();
    }
  }
}

function copyOne(source: Buffer, target: Buffer, makeFolder: () => void, buffer: Buffer): void {
  let descriptor: number;
  try {
    descriptor = openSync(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ENXIO") return;
    if (code !== "ELOOP") throw error;
    makeFolder();
    symlinkSync(readlinkSync(source, "buffer"), target);
    return;
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return;
    makeFolder();
    if (stats.size > SMALL_BYTES || !copySmall(descriptor, target, stats.mode, buffer)) {
      copyFileSync(source, target, constants.COPYFILE_FICLONE);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** False: the file has grown meanwhile and is not small any more. */
function copySmall(source: number, target: Buffer, mode: number, buffer: Buffer): boolean {
  let length = 0;
  for (;;) {
    const read = readSync(source, buffer, length, buffer.length - length, null);
    if (read === 0) break;
    length += read;
    if (length === buffer.length) return false;
  }
  const descriptor = openSync(target, O_WRONLY | O_CREAT | O_EXCL, (mode & 0o100) === 0 ? 0o666 : 0o777);
  try {
    for (let written = 0; written < length; )
      written += writeSync(descriptor, buffer, written, length - written);
  } finally {
    closeSync(descriptor);
  }
  return true;
}

function isFolder(path: BytePath): boolean {
  return lstatSync(bytePath(path), { throwIfNoEntry: false })?.isDirectory() ?? false;
}
