import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { LayerEntry } from "../../src/executors/kit/layer-tar.ts";
import { sha256 } from "../../src/executors/kit/layer-tar.ts";

/** All of a folder, sorted by path; each path with `prefix` (without a slash at its end) before it. */
export function kitFiles(folder: string, prefix = ""): readonly LayerEntry[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name): LayerEntry => {
      const from = join(folder, name);
      const path = prefix === "" ? name : `${prefix}/${name}`;
      const stat = lstatSync(from);
      if (stat.isSymbolicLink()) return { path, type: "link", target: readlinkSync(from) };
      if (stat.isDirectory()) return { path, type: "directory" };
      return { path, type: "file", content: readFileSync(from), mode: stat.mode & 0o111 ? 0o755 : 0o644 };
    });
}

/** One name for what is in these files. */
export function contentHash(files: readonly LayerEntry[]): string {
  const lines = files.map((file) => {
    if (file.type === "directory") return `${file.path}/`;
    if (file.type === "link") return `${file.path} -> ${file.target}`;
    return `${file.path} ${file.mode} ${sha256(file.content)}`;
  });
  return sha256(lines.join("\n"));
}
