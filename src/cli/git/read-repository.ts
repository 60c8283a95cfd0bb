import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Commit } from "../../github-context/commit.ts";
import type { Environment } from "../io.ts";
import type { NoRepository, Repository } from "./repository.ts";
import { gitIn, type RunGit } from "./run-git.ts";

const FIELDS = ["%H", "%T", "%P", "%an", "%ae", "%cn", "%ce", "%cI", "%D", "%B"];
const LOG = ["-c", "log.showSignature=false", "log", "-20", "--no-color", "--decorate=full"];
// Named refs win over a log.excludeDecoration of the configuration.
const DECORATE = ["HEAD", "refs/heads", "refs/tags", "refs/remotes"].map((refs) => `--decorate-refs=${refs}`);

export interface ReadRepositoryOptions {
  readonly folder: string;
  readonly env: Environment;
  /** Absent: `origin`, else the first there is. */
  readonly remoteName?: string;
}

/** Reads the repository around a folder, with two git processes side by side in the usual case. */
export async function readRepository(options: ReadRepositoryOptions): Promise<Repository | NoRepository> {
  const { folder, env } = options;
  const near = nearRoot(folder, env);
  if (near === undefined && env.GIT_DIR === undefined)
    return { reason: "this is not a git repository", broken: false };
  const git = gitIn(folder, env);
  const [log, config, asked] = await Promise.all([
    git([...LOG, ...DECORATE, `--format=${FIELDS.join("%x00")}%x00%x00`, "HEAD", "--"]),
    git(["config", "--list", "-z"]),
    near === undefined ? git(["rev-parse", "--show-toplevel"]) : undefined,
  ]);
  const root = near ?? asked?.stdout.trimEnd();
  if (log.code === 127) return { reason: `git could not be started: ${log.stderr}`, broken: false };
  if (root === undefined || root === "") return { reason: firstLine(asked?.stderr ?? ""), broken: true };

  const settings = parseConfig(config.stdout);
  const remote = chooseRemote(settings, options.remoteName);
  const about = {
    root,
    remoteUrl: remote === undefined ? undefined : settings.get(`remote.${remote}.url`),
    user: {
      name: env.GIT_AUTHOR_NAME ?? settings.get("user.name"),
      email: env.GIT_AUTHOR_EMAIL ?? settings.get("user.email"),
    },
  };
  if (log.code !== 0) {
    // Most likely nothing was committed yet; a broken repository says so here too.
    const head = await git(["symbolic-ref", "--quiet", "HEAD"]);
    if (head.code !== 0 || !isUnborn(log.stderr)) return { reason: firstLine(log.stderr), broken: true };
    return {
      ...about,
      branch: branchOf(head.stdout.trim()),
      tags: [],
      commits: [],
      pushed: undefined,
      defaultBranch: settings.get("init.defaultbranch"),
    };
  }

  const { commits, branch } = parseLog(log.stdout);
  return {
    ...about,
    branch,
    tags: (commits[0]?.refs ?? [])
      .filter((ref) => ref.startsWith("refs/tags/"))
      .map((ref) => ref.slice("refs/tags/".length)),
    commits,
    pushed: commits.find(({ refs }) => refs.includes(`refs/remotes/${remote}/${branch}`))?.sha,
    defaultBranch: (await remoteHead(git, root, remote)) ?? knownMain(commits, remote, branch, settings),
  };
}

/** The folder at or above this one that has a `.git`; git itself is asked only where its variables change that. */
function nearRoot(folder: string, env: Environment): string | undefined {
  if (env.GIT_DIR !== undefined || env.GIT_WORK_TREE !== undefined) return undefined;
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return at;
    if (dirname(at) === at) return undefined;
  }
}

function isUnborn(stderr: string): boolean {
  return /does not have any commits|unknown revision|bad revision|ambiguous argument/.test(stderr);
}

function firstLine(text: string): string {
  return text.split("\n")[0]?.replace(/^fatal: /, "") || "git cannot read this repository";
}

function branchOf(ref: string): string | undefined {
  return ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : undefined;
}

/** Keys as git prints them: section and name in lower case, what stands between as written. The last one wins. */
function parseConfig(text: string): Map<string, string> {
  const settings = new Map<string, string>();
  for (const entry of text.split("\0")) {
    const end = entry.indexOf("\n");
    if (end > 0) settings.set(entry.slice(0, end), entry.slice(end + 1));
  }
  return settings;
}

function chooseRemote(settings: ReadonlyMap<string, string>, wanted: string | undefined): string | undefined {
  if (wanted !== undefined) return wanted;
  if (settings.has("remote.origin.url")) return "origin";
  for (const key of settings.keys()) {
    const name = /^remote\.(.*)\.url$/.exec(key)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}

function parseLog(text: string): { commits: Commit[]; branch: string | undefined } {
  let branch: string | undefined;
  const commits = text.split("\0\0\n").flatMap((record): Commit[] => {
    const [sha = "", tree = "", parents = "", ...rest] = record.split("\0");
    const [author, authorEmail, committer, committerEmail, timestamp = "", decorations = "", message = ""] =
      rest;
    if (sha === "") return [];
    const refs = decorations.split(", ").flatMap((decoration) => {
      const ref = decoration.replace(/^HEAD -> |^tag: /, "");
      if (decoration.startsWith("HEAD -> ")) branch = branchOf(ref);
      return ref.startsWith("refs/") ? [ref] : [];
    });
    return [
      {
        sha,
        tree,
        parents: parents.split(" ").filter((parent) => parent !== ""),
        author: { name: author, email: authorEmail },
        committer: { name: committer, email: committerEmail },
        timestamp,
        message: message.trimEnd(),
        refs,
      },
    ];
  });
  return { commits, branch };
}

/** `refs/remotes/origin/HEAD` is a file wherever refs are files: no process is needed then. */
async function remoteHead(
  git: RunGit,
  root: string,
  remote: string | undefined,
): Promise<string | undefined> {
  if (remote === undefined) return undefined;
  const prefix = `refs/remotes/${remote}/`;
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(join(root, ".git", prefix, "HEAD"), "utf8").catch(() => undefined);
  const target = text?.startsWith("ref: ")
    ? text.slice(5).trim()
    : text === undefined && !existsSync(join(root, ".git", "refs"))
      ? (await git(["symbolic-ref", "--quiet", `${prefix}HEAD`])).stdout.trim()
      : "";
  return target.startsWith(prefix) ? target.slice(prefix.length) : undefined;
}

/** Without a remote's word: a branch of a usual name that exists nearby, else git's setting, else the current branch. */
function knownMain(
  commits: readonly Commit[],
  remote: string | undefined,
  branch: string | undefined,
  settings: ReadonlyMap<string, string>,
): string | undefined {
  const refs = new Set(commits.flatMap((commit) => commit.refs));
  for (const name of ["main", "master", "trunk"])
    if (refs.has(`refs/heads/${name}`) || refs.has(`refs/remotes/${remote}/${name}`)) return name;
  return settings.get("init.defaultbranch") ?? branch;
}
