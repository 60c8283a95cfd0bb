import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Git, GitResult } from "../git/git.ts";
import { parseConfigList } from "./git-config-file.ts";

/** What is known of a repository that is read and never changed. Texts of git's are byte strings, paths proper ones. */
export interface SourceRepository {
  /** The root of its work tree. */
  readonly top: string;
  /** Of this work tree: where its index and HEAD are. */
  readonly gitDirectory: string;
  /** Shared by all its work trees: where objects and refs are. */
  readonly commonDirectory: string;
  readonly format: "sha1" | "sha256";
  /** Absent: it has no commit yet. */
  readonly head?: string;
  /** `refs/heads/…`; absent: HEAD is detached. */
  readonly branch?: string;
  /** Commits whose parents are not there. */
  readonly shallow: ReadonlySet<string>;
  /** The rest of a split index. */
  readonly sharedIndex?: string;
  /** Its own settings, without the user's and the machine's. */
  readonly config: readonly (readonly [key: string, value: string])[];
}

/** Settings for every look at a source: nothing is started there, and it may belong to someone else. */
export const READING = {
  "safe.directory": "*",
  "core.fsmonitor": "false",
  "core.hooksPath": "/dev/null",
  "core.quotePath": "false",
} as const;

/** Undefined: the folder is in no repository. `"bare"`: in one without a work tree. */
export async function readSourceRepository(
  git: Git,
  path: string,
  signal: AbortSignal,
): Promise<SourceRepository | "bare" | undefined> {
  const ask = (...args: string[]) => git(args, { cwd: path, signal, config: READING });
  const [place, tree, commit, branch, settings] = await Promise.all([
    ask(
      ..."rev-parse --path-format=absolute --is-bare-repository --absolute-git-dir --git-common-dir --show-object-format".split(
        " ",
      ),
    ),
    ask("rev-parse", "--path-format=absolute", "--show-toplevel", "--shared-index-path"),
    ask("rev-parse", "--quiet", "--verify", "HEAD^{commit}"),
    ask("symbolic-ref", "--quiet", "HEAD"),
    ask("config", "--list", "-z", "--show-scope"),
  ]);
  if (place.code !== 0) return undefined;
  const [bare, gitDirectory = "", commonDirectory = "", format] = lines(place, "utf8");
  if (bare === "true") return "bare";
  const [top, sharedIndex] = lines(tree, "utf8");
  // Inside a `.git` folder: there is no work tree to take.
  if (tree.code !== 0 || top === undefined) return "bare";
  const head = lines(commit, "latin1")[0];
  const branchName = lines(branch, "latin1")[0];
  return {
    top,
    gitDirectory,
    commonDirectory,
    format: format === "sha256" ? "sha256" : "sha1",
    ...(head === undefined ? {} : { head }),
    ...(branchName === undefined ? {} : { branch: branchName }),
    shallow: await readShallow(commonDirectory),
    ...(sharedIndex === undefined ? {} : { sharedIndex }),
    config: ownSettings(settings.stdout.toString("latin1")),
  };
}

export function sourceSetting(source: SourceRepository, key: string): string | undefined {
  return source.config.findLast(([name]) => name === key)?.[1];
}

function lines(result: GitResult, encoding: BufferEncoding): string[] {
  if (result.code !== 0) return [];
  return result.stdout
    .toString(encoding)
    .split("\n")
    .filter((line) => line !== "");
}

async function readShallow(commonDirectory: string): Promise<ReadonlySet<string>> {
  try {
    const text = await readFile(join(commonDirectory, "shallow"), "latin1");
    return new Set(text.split("\n").filter((line) => line !== ""));
  } catch {
    return new Set();
  }
}

/** `--show-scope` puts the scope, and a NUL, before each setting. */
function ownSettings(output: string): [string, string][] {
  const parts = output.split("\0");
  const own: string[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    if (parts[at] === "local" || parts[at] === "worktree") own.push(parts[at + 1] ?? "");
  }
  return parseConfigList(own.join("\0"));
}
