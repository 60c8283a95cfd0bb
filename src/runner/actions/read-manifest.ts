import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ExecError } from "../../errors.ts";
import type { ActionSpec } from "../../spec/actions/action-spec.ts";
import type { Diagnostic } from "../../spec/diagnostic.ts";

export interface Manifest {
  readonly spec: ActionSpec;
  readonly warnings: readonly string[];
}

/**
 * The action in a folder: its `action.yml`, else `action.yaml`, else a Dockerfile that is an action by itself;
 * undefined where there is none of them. `label` stands for the folder in messages. Throws `ExecError`: `InvalidSpec`
 * with all mistakes of a bad manifest, `Permanent` where it cannot be read.
 */
export async function readManifest(directory: string, label: string): Promise<Manifest | undefined> {
  for (const name of ["action.yml", "action.yaml"]) {
    const path = join(directory, name);
    if (await isFile(path)) return parse(await read(path), `${label}/${name}`);
  }
  for (const image of ["Dockerfile", "dockerfile"]) {
    if (!(await isFile(join(directory, image)))) continue;
    return { spec: { inputs: [], outputs: [], runs: { using: "docker", image } }, warnings: [] };
  }
  return undefined;
}

async function parse(content: string, path: string): Promise<Manifest> {
  const { parseAction } = await import("../../spec/actions/parse-action.ts");
  const { spec, diagnostics } = parseAction({ path, content });
  const errors = diagnostics.filter(({ severity }) => severity === "error").map(describe);
  if (spec === undefined || errors.length > 0) {
    throw new ExecError("InvalidSpec", `Failed to load ${path}:\n${errors.join("\n")}`);
  }
  const warnings = diagnostics.filter(({ severity }) => severity === "warning").map(describe);
  return { spec, warnings };
}

function describe({ file, line, column, message, hint }: Diagnostic): string {
  return `${file}:${line}:${column}: ${message}${hint === undefined ? "" : ` (${hint})`}`;
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExecError("Permanent", `'${path}' cannot be read: ${reason}`, { cause: error });
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
