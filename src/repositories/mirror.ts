import { appendFile, rename, rm, stat } from "node:fs/promises";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { GitResult } from "../runner/git/git.ts";
import type { Logger } from "../telemetry/logger.ts";
import { withFileLock } from "./file-lock.ts";
import type { GitCredentials, MirrorGit } from "./mirror-git.ts";
import { isMirrorDamage, originError } from "./origin-error.ts";
import { mainBranch, parseRemoteRefs, type RemoteRef, type RemoteRefs, sameRefs } from "./remote-refs.ts";
import { repositoryAddress } from "./repository-address.ts";
import { SharedWork } from "./shared-work.ts";

/** What a mirror is of, as the project says it now. */
export interface MirrorOrigin {
  /** For people. */
  readonly name: string;
  readonly url: string;
  readonly defaultBranch: string;
  readonly credentials?: GitCredentials;
}

export interface MirrorOptions {
  /** The bare repository. */
  readonly directory: string;
  /** Held by the one process that changes it. */
  readonly lockFile: string;
  readonly git: MirrorGit;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly askTimeoutMs: number;
  readonly fetchTimeoutMs: number;
  readonly origin: () => Promise<MirrorOrigin>;
}

/** Of the layout below: a mirror of another one is made anew. */
const LAYOUT = "1";
const BRANCHES_AND_TAGS = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
const FETCH = [
  "fetch",
  "--quiet",
  "--no-tags",
  "--prune",
  "--force",
  "--no-recurse-submodules",
  "--no-write-fetch-head",
  "--no-auto-maintenance",
];
/** After so many fetches the small packs they left are put together. */
const FETCHES_PER_TIDYING = 50;

/**
 * One bare mirror of branches and tags. What was a tip once and is reachable no more (a force-push, a deleted branch)
 * is kept under `refs/slipway/kept/`, hidden but servable: builds of it may still run.
 *
 * It is changed only under its lock, and made beside its place: what is there is whole, unless somebody damaged it.
 */
export class Mirror {
  readonly #options: MirrorOptions;
  readonly #refresh: SharedWork<RemoteRefs>;
  /** What the mirror has, as far as this process knows. */
  #known: { readonly url: string; readonly remote: RemoteRefs } | undefined;
  #fetches = 0;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#refresh = new SharedWork((looking) => this.#locked(() => this.#bringUpToDate(looking)));
  }

  /** Looks at the origin, and fetches what the mirror lacks. Gives the origin's refs. */
  refresh(): Promise<RemoteRefs> {
    return this.#refresh.ask();
  }

  /** What the origin had when this process looked last. */
  get known(): RemoteRefs | undefined {
    return this.#known?.remote;
  }

  async exists(): Promise<boolean> {
    return (await stat(`${this.#options.directory}/HEAD`).catch(() => undefined)) !== undefined;
  }

  /** Runs a git command that only reads. */
  async read(args: readonly string[], input?: string): Promise<GitResult> {
    const { git, directory, askTimeoutMs } = this.#options;
    return git(args, { directory, timeoutMs: askTimeoutMs, ...(input === undefined ? {} : { input }) });
  }

  /** Fetches a ref outside of branches and tags, `refs/pull/7/head`. False: the origin has none. */
  fetchRef(ref: string): Promise<boolean> {
    return this.#locked(async () => {
      const origin = await this.#options.origin();
      const result = await this.#fetch(this.#options.directory, origin, [`+${ref}:${ref}`], false);
      if (result.code === 0) return true;
      if (/couldn't find remote ref/i.test(result.stderr)) return false;
      throw this.#refused(origin, result);
    });
  }

  /**
   * Fetches a commit that no branch and no tag has (any more), for a build that was made of it. False: the origin does
   * not give it.
   */
  fetchCommit(sha: string): Promise<boolean> {
    return this.#locked(async () => {
      const origin = await this.#options.origin();
      const result = await this.#fetch(this.#options.directory, origin, [`+${sha}:${kept(sha)}`], false);
      if (result.code === 0) return true;
      const error = this.#refused(origin, result);
      if (error.retryable) throw error;
      return false;
    });
  }

  /** False: it has refs, and not the objects they name. */
  async isSound(): Promise<boolean> {
    const [head, branch] = await Promise.all([
      this.read(["rev-parse", "--quiet", "--verify", "HEAD^{tree}"]),
      this.read(["rev-parse", "--quiet", "--verify", "HEAD"]),
    ]);
    return head.code === 0 || branch.code !== 0;
  }

  /** Makes it anew: what was read from it cannot be right. */
  remake(): Promise<void> {
    return this.#locked(async () => {
      const origin = await this.#options.origin();
      await this.#make(origin, await this.#lookAt(origin));
    });
  }

  remove(): Promise<void> {
    return this.#locked(async () => {
      this.#known = undefined;
      for (const path of this.#paths()) await rm(path, { recursive: true, force: true });
    });
  }

  #paths(): readonly string[] {
    const { directory } = this.#options;
    return [directory, `${directory}.new`, `${directory}.old`];
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    const { lockFile, clock, fetchTimeoutMs } = this.#options;
    return withFileLock(lockFile, { clock, waitMs: fetchTimeoutMs * 2 }, work);
  }

  async #bringUpToDate(looking: () => void): Promise<RemoteRefs> {
    const origin = await this.#options.origin();
    looking();
    const remote = await this.#lookAt(origin);
    const present = await this.#present(origin.url);
    if (present === undefined || objectFormat(present) !== objectFormat(remote, objectFormat(present))) {
      await this.#make(origin, remote);
      return remote;
    }
    if (!sameRefs(present.refs, remote.refs)) {
      const fetched = await this.#update(origin, present, remote);
      if (!fetched) await this.#make(origin, remote);
    } else if (mainBranch(present, "") !== mainBranch(remote, origin.defaultBranch)) {
      await this.#setHead(this.#options.directory, mainBranch(remote, origin.defaultBranch));
    }
    this.#known = { url: origin.url, remote };
    return remote;
  }

  async #lookAt(origin: MirrorOrigin): Promise<RemoteRefs> {
    const { git, askTimeoutMs } = this.#options;
    const { url } = repositoryAddress(origin.url);
    const args = ["ls-remote", "--symref", "--quiet", ...uploadPack(url), "--", url];
    const result = await git([...args, "HEAD", "refs/heads/*", "refs/tags/*"], {
      timeoutMs: askTimeoutMs,
      origin,
    });
    if (result.code !== 0) throw this.#refused(origin, result);
    return parseRemoteRefs(result.stdout.toString());
  }

  /** What the mirror on disk has; undefined: there is none that can be used. */
  async #present(url: string): Promise<RemoteRefs | undefined> {
    if (!(await this.exists())) return undefined;
    if (this.#known?.url === url) return this.#known.remote;
    const [settings, refs, head] = await Promise.all([
      this.read(["config", "--get-regexp", "^slipway\\."]),
      this.read(["for-each-ref", "--format=%(objectname)%09%(refname)", "refs/heads", "refs/tags"]),
      this.read(["symbolic-ref", "HEAD"]),
    ]);
    const expected = `slipway.layout ${LAYOUT}\nslipway.origin ${url}\n`;
    if (settings.stdout.toString() !== expected || refs.code !== 0 || head.code !== 0) return undefined;
    return parseRemoteRefs(`ref: ${head.stdout.toString().trim()}\tHEAD\n${refs.stdout.toString()}`);
  }

  /** False: the mirror is damaged. */
  async #update(origin: MirrorOrigin, present: RemoteRefs, remote: RemoteRefs): Promise<boolean> {
    const { directory, logger } = this.#options;
    // Kept before the fetch that loses them, so that a crash between the two loses nothing.
    const moved = [...present.refs].filter(([ref, { sha }]) => remote.refs.get(ref)?.sha !== sha);
    const tips = [...new Set(moved.map(([, ref]) => ref.sha))];
    const keep = await this.#updateRefs(tips.map((sha) => `update ${kept(sha)} ${sha}`));
    if (!keep) return false;
    const result = await this.#fetch(directory, origin, BRANCHES_AND_TAGS, true);
    if (result.code !== 0) {
      if (!isMirrorDamage(result.stderr)) throw this.#refused(origin, result);
      logger.warn(
        { directory, said: result.stderr.slice(0, 1_000) },
        "A mirror is damaged and is made anew.",
      );
      return false;
    }
    await this.#setHead(directory, mainBranch(remote, origin.defaultBranch));
    await this.#forgetReachable(tips);
    if (++this.#fetches % FETCHES_PER_TIDYING === 0) await this.#tidy();
    return true;
  }

  async #fetch(directory: string, origin: MirrorOrigin, refspecs: readonly string[], prune: boolean) {
    const { git, fetchTimeoutMs } = this.#options;
    const { url } = repositoryAddress(origin.url);
    const args = prune ? FETCH : FETCH.filter((arg) => arg !== "--prune");
    return git([...args, ...uploadPack(url), "--", url, ...refspecs], {
      directory,
      timeoutMs: fetchTimeoutMs,
      origin,
    });
  }

  /** Most moves are forwards: what was the tip is still part of a branch. */
  async #forgetReachable(tips: readonly string[]): Promise<void> {
    if (tips.length === 0) return;
    const lost = await this.read(
      ["rev-list", "--stdin", "--not", "--branches", "--tags"],
      `${tips.join("\n")}\n`,
    );
    if (lost.code !== 0) return;
    const unreachable = new Set(lost.stdout.toString().split("\n"));
    const peeled = await this.read(
      ["cat-file", "--batch-check=%(objectname)"],
      tips.map((sha) => `${sha}^{}\n`).join(""),
    );
    const commits = peeled.stdout.toString().split("\n");
    const reachable = tips.filter((_, index) => !unreachable.has(commits[index] ?? ""));
    await this.#updateRefs(reachable.map((sha) => `delete ${kept(sha)}`));
  }

  async #updateRefs(lines: readonly string[]): Promise<boolean> {
    if (lines.length === 0) return true;
    return (await this.read(["update-ref", "--stdin"], `${lines.join("\n")}\n`)).code === 0;
  }

  async #make(origin: MirrorOrigin, remote: RemoteRefs): Promise<void> {
    const { directory, git, askTimeoutMs } = this.#options;
    const [, fresh = "", old = ""] = this.#paths();
    this.#known = undefined;
    for (const path of [fresh, old]) await rm(path, { recursive: true, force: true });
    const main = mainBranch(remote, origin.defaultBranch);
    const init = await git(
      [
        "init",
        "--bare",
        "--quiet",
        "--template=",
        `--object-format=${objectFormat(remote) ?? "sha1"}`,
        "--",
        fresh,
      ],
      { timeoutMs: askTimeoutMs },
    );
    if (init.code !== 0) throw new ExecError("Permanent", `A mirror cannot be made: ${init.stderr.trim()}`);
    await appendFile(`${fresh}/config`, mirrorSettings(origin.url));
    if (remote.refs.size > 0) {
      const result = await this.#fetch(fresh, origin, BRANCHES_AND_TAGS, true);
      if (result.code !== 0) throw this.#refused(origin, result);
    }
    await this.#setHead(fresh, main);
    if (await this.exists()) await rename(directory, old);
    else await rm(directory, { recursive: true, force: true });
    await rename(fresh, directory);
    await rm(old, { recursive: true, force: true });
    this.#known = { url: origin.url, remote };
  }

  async #setHead(directory: string, branch: string): Promise<void> {
    const { git, askTimeoutMs } = this.#options;
    await git(["symbolic-ref", "HEAD", `refs/heads/${branch}`], { directory, timeoutMs: askTimeoutMs });
  }

  async #tidy(): Promise<void> {
    const { git, directory, fetchTimeoutMs, logger } = this.#options;
    const args = ["-c", "gc.auto=2000", "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet"];
    const result = await git(args, { directory, timeoutMs: fetchTimeoutMs });
    if (result.code !== 0) logger.warn({ directory, said: result.stderr.slice(0, 500) }, "git gc failed.");
  }

  #refused(origin: MirrorOrigin, { stderr }: GitResult): ExecError {
    const { username = "", password = "" } = origin.credentials ?? {};
    const basic = Buffer.from(`${username}:${password}`).toString("base64");
    return originError(`of project ${origin.name}`, origin.url, stderr, [password, basic]);
  }
}

function kept(sha: string): string {
  return `refs/slipway/kept/${sha}`;
}

/** `git http-backend` serves by these; jobs ask for commits by id. */
function mirrorSettings(url: string): string {
  const quoted = url.replace(/[\\"]/g, "\\$&");
  return `[slipway]
\tlayout = ${LAYOUT}
\torigin = "${quoted}"
[uploadpack]
\tallowReachableSHA1InWant = true
\tallowTipSHA1InWant = true
\tallowFilter = true
[http]
\treceivepack = false
[transfer]
\thideRefs = refs/slipway
[gc]
\tauto = 0
\tpruneExpire = 30.days.ago
`;
}

/** Git's own check of a folder's owner does not ask the settings of whoever fetches from it. */
function uploadPack(url: string): readonly string[] {
  const isLocal = url.startsWith("/") || url.startsWith("file:");
  return isLocal ? ["--upload-pack=git -c safe.directory=* upload-pack"] : [];
}

function objectFormat({ refs }: RemoteRefs, unknown?: "sha1" | "sha256"): "sha1" | "sha256" | undefined {
  for (const { sha } of refs.values() as Iterable<RemoteRef>) return sha.length === 64 ? "sha256" : "sha1";
  return unknown;
}
