import { createHash, hash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { ExecError } from "../errors.ts";
import { parseGlobPatterns } from "./hash-files-pattern.ts";
import { searchFiles } from "./hash-files-search.ts";

const FOLLOW = "--follow-symbolic-links";
/** Files up to this size are read in one piece. */
const SMALL_BYTES = 1024 * 1024;

/**
 * `hashFiles(patterns…)`: sha256, in hex, over the sha256 of each matched file in the order of the search; "" where
 * nothing matched. Patterns start at `workspace`; files outside it do not count. A first pattern
 * `--follow-symbolic-links` follows links to directories. Throws `ExecError`: `InvalidSpec` for a bad pattern or
 * option, `Permanent` where a file cannot be read.
 */
export function hashFiles(workspace: string, patterns: readonly string[], home?: string): string {
  const followSymbolicLinks = patterns[0]?.toLowerCase() === FOLLOW;
  if (patterns[0]?.startsWith("--") && !followSymbolicLinks) {
    throw new ExecError("InvalidSpec", `Invalid glob option ${patterns[0]}, available option: '${FOLLOW}'.`);
  }
  const given = followSymbolicLinks ? patterns.slice(1) : patterns;
  const within = resolve(workspace);
  const total = createHash("sha256");
  let count = 0;
  try {
    const parsed = parseGlobPatterns(given.join("\n"), within, home);
    for (const file of searchFiles({ patterns: parsed, followSymbolicLinks, within })) {
      const digest = file.startsWith(within === "/" ? "/" : `${within}/`) ? digestOf(file) : undefined;
      if (digest === undefined) continue;
      total.update(digest);
      count++;
    }
  } catch (error) {
    if (error instanceof ExecError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExecError(
      "Permanent",
      `hashFiles('${given.join(", ")}') failed. Fail to hash files under directory '${workspace}': ${reason}`,
      { cause: error },
    );
  }
  return count === 0 ? "" : total.digest("hex");
}

/** Undefined for what has no content: directories behind a link, pipes, sockets, devices. */
function digestOf(file: string): Uint8Array | undefined {
  const stats = statSync(file);
  if (!stats.isFile()) return undefined;
  if (stats.size <= SMALL_BYTES) return hash("sha256", readFileSync(file), "buffer");
  const digest = createHash("sha256");
  const buffer = Buffer.allocUnsafe(SMALL_BYTES);
  const descriptor = openSync(file, "r");
  try {
    for (;;) {
      const length = readSync(descriptor, buffer);
      if (length === 0) return digest.digest();
      digest.update(buffer.subarray(0, length));
    }
  } finally {
    closeSync(descriptor);
  }
}
