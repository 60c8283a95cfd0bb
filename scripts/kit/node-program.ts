import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KitArch } from "./kit-arch.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The version of node that the project pins. */
export function nodeVersion(): string {
  const { dependencies }: { dependencies: { node: string } } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  return dependencies.node;
}

/** The pinned node for this architecture: the one installed with the project, else out of its package, below `folder`. */
export function nodeProgram(folder: string, arch: KitArch): string {
  const installed = join(root, "node_modules/node/bin/node");
  if (process.platform === "linux" && process.arch === arch && existsSync(installed)) return installed;
  const options = { cwd: folder, encoding: "utf8" as const };
  const file = execFileSync("npm", ["pack", "--silent", `node-linux-${arch}@${nodeVersion()}`], options);
  execFileSync("tar", ["-xzf", file.trim(), "package/bin/node"], options);
  return join(folder, "package/bin/node");
}
