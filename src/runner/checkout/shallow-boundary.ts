import { ExecError } from "../../errors.ts";
import type { Git } from "../git/git.ts";
import { READING, type SourceRepository } from "./source-repository.ts";

/**
 * The commits at which history ends when only `depth` commits deep is looked from `commit` (0: all there is), as
 * `git fetch --depth` would cut it: by the shortest way. What goes into git's `shallow` file.
 */
export async function shallowBoundary(
  git: Git,
  source: SourceRepository,
  commit: string,
  depth: number,
  signal: AbortSignal,
): Promise<string[]> {
  if (depth === 0) return [...source.shallow];
  // Nearly always enough; merges of old branches may need more.
  const usual = depth === 1 ? 1 : Math.max(1000, depth * 20);
  for (const limit of [usual, undefined]) {
    const parents = await readParents(git, source, commit, limit, signal);
    const boundary = walk(parents, source.shallow, commit, depth);
    if (boundary !== undefined) return boundary;
  }
  throw new ExecError("Permanent", `The history of ${commit} in '${source.top}' cannot be read.`);
}

function walk(
  parents: ReadonlyMap<string, readonly string[]>,
  shallow: ReadonlySet<string>,
  commit: string,
  depth: number,
): string[] | undefined {
  const boundary: string[] = [];
  const seen = new Set([commit]);
  let level = [commit];
  for (let at = 1; at <= depth && level.length > 0; at++) {
    const next: string[] = [];
    for (const id of level) {
      const above = parents.get(id);
      if (above === undefined) return undefined;
      if (shallow.has(id) || (at === depth && above.length > 0)) boundary.push(id);
      for (const parent of above) {
        if (seen.has(parent)) continue;
        seen.add(parent);
        next.push(parent);
      }
    }
    level = next;
  }
  return boundary;
}

async function readParents(
  git: Git,
  source: SourceRepository,
  commit: string,
  limit: number | undefined,
  signal: AbortSignal,
): Promise<Map<string, string[]>> {
  const args = ["rev-list", "--parents", ...(limit === undefined ? [] : [`--max-count=${limit}`]), commit];
  const result = await git(args, { cwd: source.top, signal, config: READING });
  if (result.code !== 0) {
    throw new ExecError(
      "Permanent",
      `The history of ${commit} in '${source.top}' cannot be read: ${result.stderr.trim()}`,
    );
  }
  const parents = new Map<string, string[]>();
  for (const line of result.stdout.toString("latin1").split("\n")) {
    const [id, ...above] = line.split(" ");
    if (id !== undefined && id !== "") parents.set(id, above);
  }
  return parents;
}
