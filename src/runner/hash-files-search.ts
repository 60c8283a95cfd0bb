import { type Dirent, lstatSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import type { GlobPattern } from "./hash-files-pattern.ts";

/** For each pattern, the positions in its segments that the path so far has reached. */
type Positions = readonly (readonly number[])[];

export interface GlobSearch {
  readonly patterns: readonly GlobPattern[];
  readonly followSymbolicLinks: boolean;
  /** Nothing outside this folder is looked at, other than the way to it. */
  readonly within: string;
}

/**
 * Files (never directories) that the patterns match, depth first, directories' entries in byte order: the order of
 * `@actions/glob`, which `hashFiles` depends on. A symbolic link is a file unless links are followed.
 */
export function* searchFiles(search: GlobSearch): Generator<string> {
  for (const path of searchPaths(search.patterns)) {
    const start = names(path).reduce<Positions>(
      (positions, name) => advance(search.patterns, positions, name),
      search.patterns.map((pattern) => settle(pattern, [0])),
    );
    let kind: Dirent | Stats;
    try {
      kind = lstatSync(path);
    } catch (error) {
      if (isMissing(error)) continue;
      throw error;
    }
    yield* visit(search, path, kind, start, []);
  }
}

function* visit(
  search: GlobSearch,
  path: string,
  entry: Dirent | Stats,
  positions: Positions,
  chain: readonly string[],
): Generator<string> {
  if (!leadsInto(path, search.within)) return;
  const { patterns } = search;
  const match = matches(patterns, positions);
  if (match === "none" && !mayMatchBelow(patterns, positions)) return;

  let kind = entry;
  if (search.followSymbolicLinks && entry.isSymbolicLink()) {
    try {
      kind = statSync(path);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
  }
  if (!kind.isDirectory()) {
    if (match === "all") yield path;
    return;
  }
  if (!mayMatchBelow(patterns, positions)) return;

  let links = chain;
  if (search.followSymbolicLinks) {
    const real = realpathSync(path);
    if (chain.includes(real)) return;
    links = [...chain, real];
  }
  const base = path === "/" ? "" : path;
  for (const child of readdirSync(path, { withFileTypes: true })) {
    yield* visit(search, `${base}/${child.name}`, child, advance(patterns, positions, child.name), links);
  }
}

function advance(patterns: readonly GlobPattern[], positions: Positions, name: string): Positions {
  return patterns.map((pattern, index) => {
    const next: number[] = [];
    for (const position of positions[index] ?? []) {
      const segment = pattern.segments[position];
      if (segment === undefined) continue;
      if (segment.kind === "globstar") next.push(position);
      else if (
        segment.kind === "any" ||
        (segment.kind === "literal" ? segment.text === name : segment.expression.test(name))
      ) {
        next.push(position + 1);
      }
    }
    return settle(pattern, next);
  });
}

/** `**` may stand for no segment at all. */
function settle(pattern: GlobPattern, positions: readonly number[]): readonly number[] {
  const reached = new Set<number>();
  for (const position of positions) {
    let at = position;
    while (!reached.has(at)) {
      reached.add(at);
      if (pattern.segments[at]?.kind === "globstar") at++;
    }
  }
  return [...reached];
}

function matches(patterns: readonly GlobPattern[], positions: Positions): "none" | "directory" | "all" {
  let file = false;
  let directory = false;
  patterns.forEach((pattern, index) => {
    if (!positions[index]?.includes(pattern.segments.length)) return;
    directory = !pattern.negate;
    if (!pattern.directoriesOnly) file = !pattern.negate;
  });
  return file ? "all" : directory ? "directory" : "none";
}

function mayMatchBelow(patterns: readonly GlobPattern[], positions: Positions): boolean {
  // Where a `!` pattern takes everything below away, only patterns after it can bring something back.
  const closed = patterns.findLastIndex(
    (pattern, index) =>
      pattern.negate &&
      pattern.segments.at(-1)?.kind === "globstar" &&
      (positions[index]?.includes(pattern.segments.length - 1) ||
        (pattern.segments.at(-2)?.kind === "any" && positions[index]?.includes(pattern.segments.length - 2))),
  );
  return patterns.some(
    (pattern, index) =>
      index > closed &&
      !pattern.negate &&
      positions[index]?.some((position) => position < pattern.segments.length),
  );
}

/** The literal beginnings of the patterns, in their order, without those that lie below another. */
function searchPaths(patterns: readonly GlobPattern[]): string[] {
  const starts = patterns.filter((pattern) => !pattern.negate).map(literalStart);
  const unique = [...new Set(starts)];
  return unique.filter((path) => !unique.some((other) => other !== path && isBelow(path, other)));
}

function literalStart(pattern: GlobPattern): string {
  const path: string[] = [];
  for (const segment of pattern.segments) {
    if (segment.kind !== "literal") break;
    path.push(segment.text);
  }
  return `/${path.join("/")}`;
}

function names(path: string): string[] {
  return path.split("/").filter((name) => name !== "");
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

function leadsInto(path: string, folder: string): boolean {
  return path === folder || isBelow(path, folder) || isBelow(folder, path);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
