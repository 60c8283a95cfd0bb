import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { join, resolve as resolvePath } from "node:path";
import { ExecError } from "../../errors.ts";
import type { ActionSources, CheckoutSource } from "../../protocol/job-request.ts";
import { createGit, type Git, type GitProgram } from "../git/git.ts";
import { type Patience, patientGit } from "../git/patient-git.ts";
import { type ActionRemote, actionRemote } from "./action-remote.ts";
import { fetchAction } from "./fetch-action.ts";
import { parseUses, type RepositoryReference } from "./parse-uses.ts";
import { readManifest } from "./read-manifest.ts";
import { RefIndex } from "./ref-index.ts";
import { COMMIT_ID, type ResolvedRef, resolveActionRef } from "./resolve-action-ref.ts";
import type { FolderAction, ResolvedAction } from "./resolved-action.ts";

export interface ActionStoreOptions {
  readonly sources: ActionSources;
  /** `JobDirectories.actionCache`: shared by any number of runs at once. */
  readonly cacheDirectory: string;
  readonly checkout: CheckoutSource;
  /** For git: PATH, HOME, proxies. */
  readonly env: { readonly [name: string]: string };
  /** Absent: the one on PATH. */
  readonly git?: GitProgram;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** Called before a value that must not be seen is used. */
  readonly mask?: (value: string) => void;
  /** How a server that does not answer is waited for; absent: as `patientGit` does. */
  readonly patience?: Omit<Patience, "log">;
}

export interface ResolveOptions {
  /** Where `./path` starts. */
  readonly workspace: string;
  readonly signal: AbortSignal;
  /** Lines for the step's log. */
  readonly log: (line: string) => void;
  /** The action whose step this is, for `$/path`; absent for a step of the workflow itself. */
  readonly parent?: FolderAction;
}

/** One per job. */
export interface ActionStore {
  /**
   * Finds the action, fetching it if need be. Rejects with `ExecError` (`InvalidSpec`, `NotFound`, `Unauthorized`,
   * `Transient`, `Cancelled`, `Permanent`) whose message tells the user what to do.
   */
  resolve(uses: string, options: ResolveOptions): Promise<ResolvedAction>;

  /**
   * The files of `owner/repo/path@ref`'s repository, whether or not there is an action at the path: for reusable
   * workflows. Rejects as `resolve` does.
   */
  fetchRepository(uses: string, options: Pick<ResolveOptions, "signal" | "log">): Promise<FetchedRepository>;
}

export interface FetchedRepository {
  /** Absolute. */
  readonly root: string;
  /** `owner/repo`. */
  readonly repository: string;
  /** Below the root. */
  readonly path: string;
  readonly ref: string;
  /** The commit; absent for a folder named by --local-action. */
  readonly sha?: string;
}

/** So long the jobs of one build need not ask a distant server again what a ref stands for. */
const FRESH_MS = 60_000;

export function createActionStore(options: ActionStoreOptions): ActionStore {
  return new GitActionStore(options, createGit(options.env, options.git));
}

class GitActionStore implements ActionStore {
  readonly #options: ActionStoreOptions;
  readonly #git: Git;
  /** Steps that run beside each other and use the same action fetch it once. */
  readonly #underWay = new Map<string, Promise<Fetched>>();

  constructor(options: ActionStoreOptions, git: Git) {
    this.#options = options;
    this.#git = git;
  }

  async resolve(uses: string, options: ResolveOptions): Promise<ResolvedAction> {
    const reference = parseUses(uses);
    switch (reference.kind) {
      case "docker":
        return { kind: "docker", image: reference.image };
      case "local":
        return await this.#local(uses, reference.path, options);
      case "self":
        return await this.#self(uses, reference.path, options);
      case "repository":
        return await this.#repository(uses, reference, options);
    }
  }

  async fetchRepository(
    uses: string,
    options: Pick<ResolveOptions, "signal" | "log">,
  ): Promise<FetchedRepository> {
    const reference = parseUses(uses);
    if (reference.kind !== "repository")
      throw new ExecError(
        "InvalidSpec",
        `'${uses}' names no repository: expected {owner}/{repo}/{path}@{ref}.`,
      );
    const repository = `${reference.owner}/${reference.name}`;
    const folder = localFolder(this.#options.sources, `${repository}@${reference.ref}`);
    const fetched = folder === undefined ? await this.#shared(reference, options) : { root: folder };
    return { ...fetched, repository, path: reference.path, ref: reference.ref };
  }

  async #local(uses: string, path: string, { workspace }: ResolveOptions): Promise<FolderAction> {
    const directory = resolvePath(workspace, path);
    const manifest = await readManifest(directory, path.replace(/^\.\//, "").replace(/\/+$/, "") || ".");
    if (manifest === undefined) {
      throw new ExecError(
        "NotFound",
        `Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '${directory}'. ` +
          "Did you forget to run actions/checkout before running your local action?",
      );
    }
    return { kind: "action", directory, uses, local: true, root: workspace, ...manifest };
  }

  async #self(uses: string, path: string, { parent }: ResolveOptions): Promise<FolderAction> {
    const { source, repository } = this.#options.checkout;
    // As on GitHub: an action in the workspace belongs to the workflow's repository.
    const owner = parent === undefined || parent.local ? undefined : parent;
    const root = owner?.root ?? (source.kind === "worktree" ? source.path : undefined);
    if (root === undefined) {
      throw new ExecError(
        "InvalidSpec",
        `'${uses}' cannot be used here: the files of the workflow's own repository are not on this machine. ` +
          `Use './${path}' after actions/checkout.`,
      );
    }
    const directory = join(root, path);
    const manifest = await readManifest(directory, path);
    if (manifest === undefined) throw noManifest(uses, directory);
    const named = {
      repository: owner?.repository ?? repository,
      ...(owner?.ref === undefined ? {} : { ref: owner.ref }),
    };
    return { kind: "action", directory, uses, local: false, root, ...named, ...manifest };
  }

  async #repository(
    uses: string,
    reference: RepositoryReference,
    options: ResolveOptions,
  ): Promise<ResolvedAction> {
    const { checkout, sources } = this.#options;
    const name = `${reference.owner}/${reference.name}`;
    const folder = localFolder(sources, `${name}@${reference.ref}`);
    if (folder === undefined && isCheckout(reference) && checkout.builtin) {
      return { kind: "checkout", ref: reference.ref };
    }
    const fetched =
      folder === undefined ? await this.#fetchedOrBundled(reference, options) : { root: folder };
    const directory = join(fetched.root, reference.path);
    const manifest = await readManifest(
      directory,
      [name, reference.path].filter((part) => part !== "").join("/"),
    );
    if (manifest === undefined) throw noManifest(uses, folder === undefined ? undefined : directory);
    return {
      kind: "action",
      directory,
      uses,
      local: false,
      repository: name,
      ref: reference.ref,
      ...fetched,
      ...manifest,
    };
  }

  /** What the repository has, else, where it cannot be had, the stand-in that came with the program. */
  async #fetchedOrBundled(reference: RepositoryReference, options: ResolveOptions): Promise<Fetched> {
    const name = `${reference.owner}/${reference.name}`;
    const bundled = reference.path === "" ? this.#options.sources.bundled?.[name.toLowerCase()] : undefined;
    try {
      return await this.#shared(reference, options);
    } catch (error) {
      if (bundled === undefined || !(error instanceof ExecError) || !isOutOfReach(error)) throw error;
      const why = this.#options.sources.offline ? "Offline" : error.message;
      options.log(`${why}: a stand-in that comes with Slipway is used for '${name}@${reference.ref}'.`);
      return { root: bundled };
    }
  }

  async #shared(
    reference: RepositoryReference,
    options: Pick<ResolveOptions, "signal" | "log">,
  ): Promise<Fetched> {
    const key = `${reference.owner}/${reference.name}@${reference.ref}`;
    for (;;) {
      const other = this.#underWay.get(key);
      const fetching = other ?? this.#fetch(reference, options);
      if (other === undefined) this.#underWay.set(key, fetching);
      try {
        return await fetching;
      } catch (error) {
        if (this.#underWay.get(key) === fetching) this.#underWay.delete(key);
        const othersCancel = other !== undefined && error instanceof ExecError && error.code === "Cancelled";
        if (!othersCancel || options.signal.aborted) throw error;
      }
    }
  }

  async #fetch(
    reference: RepositoryReference,
    { signal, log }: Pick<ResolveOptions, "signal" | "log">,
  ): Promise<Fetched> {
    const { sources, cacheDirectory, mask } = this.#options;
    const remote = actionRemote(sources, reference, mask ?? (() => {}));
    const home = join(cacheDirectory, reference.owner, reference.name);
    const index = new RefIndex(home, remote.url);
    const ref = await this.#refOf(remote, reference, index, { signal, log });
    const root = join(home, ref.sha);
    if (await exists(root)) return { root, sha: ref.sha };
    if (sources.offline) throw await notCached(remote, reference.ref, index, cacheDirectory);
    log(`Download action repository '${remote.repository}@${reference.ref}' (SHA:${ref.sha})`);
    await fetchAction(this.#gitFor(reference, log), remote, ref, root, signal);
    return { root, sha: ref.sha };
  }

  /** A server that does not answer is waited for, unless there is a stand-in for what it has. */
  #gitFor({ owner, name }: RepositoryReference, log: (line: string) => void): Git {
    const { sources, patience } = this.#options;
    const hasStandIn = sources.bundled?.[`${owner}/${name}`.toLowerCase()] !== undefined;
    return hasStandIn ? this.#git : patientGit(this.#git, { log, ...patience });
  }

  async #refOf(
    remote: ActionRemote,
    reference: RepositoryReference,
    index: RefIndex,
    { signal, log }: Pick<ResolveOptions, "signal" | "log">,
  ): Promise<ResolvedRef> {
    const { ref } = reference;
    const { sources, cacheDirectory, now } = this.#options;
    if (COMMIT_ID.test(ref)) return { sha: ref.toLowerCase() };
    const known = await index.read(ref);
    if (sources.offline) {
      if (known === undefined) throw await notCached(remote, ref, index, cacheDirectory);
      return known;
    }
    if (known !== undefined && !remote.nearby && now() - known.at < FRESH_MS) return known;
    try {
      // What was seen before does for now.
      const git = known === undefined ? this.#gitFor(reference, log) : this.#git;
      const found = await resolveActionRef(git, remote, ref, signal);
      await index.write(ref, { sha: found.sha, at: now() }, randomUUID());
      return found;
    } catch (error) {
      if (!(error instanceof ExecError) || error.code !== "Transient" || known === undefined) throw error;
      log(`${error.message} Using what '${ref}' was when it was last seen: ${known.sha}`);
      return known;
    }
  }
}

/** Not answered, or not asked: other than a repository or ref that is not there. */
function isOutOfReach(error: ExecError): boolean {
  return error.code === "Transient" || error instanceof NotCached;
}

interface Fetched {
  readonly root: string;
  readonly sha?: string;
}

function isCheckout({ owner, name, path }: RepositoryReference): boolean {
  return owner.toLowerCase() === "actions" && name.toLowerCase() === "checkout" && path === "";
}

/** Owners and repositories are the same in any case, refs are not. */
function localFolder(sources: ActionSources, nameAndRef: string): string | undefined {
  const key = (text: string) => text.replace(/^[^@]*/, (name) => name.toLowerCase());
  return Object.entries(sources.local).find(([name]) => key(name) === key(nameAndRef))?.[1];
}

function noManifest(uses: string, directory: string | undefined): ExecError {
  const where = directory === undefined ? "" : ` in '${directory}'`;
  return new ExecError(
    "NotFound",
    `Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action '${uses}'${where}.`,
  );
}

class NotCached extends ExecError {}

async function notCached(
  remote: ActionRemote,
  ref: string,
  index: RefIndex,
  cache: string,
): Promise<ExecError> {
  const others = (await index.refs()).filter((name) => name !== ref);
  const hint = others.length === 0 ? "" : ` Of ${remote.repository} it holds: ${others.join(", ")}.`;
  return new NotCached(
    "NotFound",
    `Action '${remote.uses}' is not in the action cache '${cache}', and nothing is fetched while offline.${hint} ` +
      "Run it once online, or name a folder for it with --local-action.",
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
