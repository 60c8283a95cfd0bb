import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import { nearRefs } from "../runner/actions/near-refs.ts";
import type { ProjectRecord } from "../store/project-record.ts";
import type { Logger } from "../telemetry/logger.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { Mirror } from "./mirror.ts";
import { createMirrorGit, type GitCredentials, type MirrorGit } from "./mirror-git.ts";
import { commitArguments, parseCommit, type ReadCommit } from "./parse-commit.ts";
import { candidateRefs, isCommitId, isFullCommitId, isRefName, shortRef } from "./ref-name.ts";
import { mainBranch, type RemoteRefs } from "./remote-refs.ts";
import type { Repositories, ResolvedRef } from "./repositories.ts";
import { repositoryAddress } from "./repository-address.ts";

export interface GitRepositoriesOptions {
  /** Mirrors are its folders, `<project id>.git`; several processes may share it. */
  readonly folder: string;
  /** What git gets of the environment: PATH, HOME, proxies, certificates, the ssh agent. */
  readonly env: { readonly [name: string]: string };
  readonly clock: Clock;
  readonly logger: Logger;
  /** How to sign in to a project's origin over http or https. Absent: as git itself is set up. */
  readonly credentials?: (project: ProjectRecord) => Promise<GitCredentials | undefined>;
  /** For questions: 30 s where absent. */
  readonly askTimeoutMs?: number;
  /** For fetches, the first of which brings everything: 10 min where absent. */
  readonly fetchTimeoutMs?: number;
}

const MAX_FILE_BYTES = 2 * 1024 * 1024;
const CACHE_SIZE = 16 * 1024 * 1024;
const NEAR_NAMES = 3;

/** Mirrors by the git program. Commits and files that were read once are remembered: they never change. */
export class GitRepositories implements Repositories {
  readonly #options: GitRepositoriesOptions;
  readonly #git: MirrorGit;
  readonly #mirrors = new Map<string, { project: ProjectRecord; readonly mirror: Mirror }>();
  readonly #commits = new BoundedCache<ReadCommit>(CACHE_SIZE);
  readonly #files = new BoundedCache<{ readonly text: string | undefined }>(CACHE_SIZE);

  constructor(options: GitRepositoriesOptions) {
    this.#options = options;
    this.#git = createMirrorGit(options);
  }

  async resolve(project: ProjectRecord, ref: string): Promise<ResolvedRef> {
    if (!isRefName(ref))
      throw new ExecError("InvalidSpec", `${JSON.stringify(ref)} is no name of a branch, tag or commit.`);
    const mirror = this.#mirror(project);
    if (isFullCommitId(ref) && (await mirror.exists())) {
      const there = await this.#commit(project, ref.toLowerCase());
      if (there !== undefined) return { ref: await this.#mainRef(project), ...there };
    }
    const remote = await mirror.refresh();
    return (
      (await this.#named(project, ref, remote)) ??
      (await this.#byId(project, ref, remote)) ??
      (await this.#outside(project, ref)) ??
      notFound(project, ref, remote)
    );
  }

  async readFile(project: ProjectRecord, sha: string, path: string): Promise<string | undefined> {
    if (!isFullCommitId(sha)) throw new ExecError("InvalidSpec", `'${sha}' is no commit id.`);
    if (!isPlainPath(path)) return undefined;
    const key = `${project.id} ${sha} ${path}`;
    const known = this.#files.get(key);
    if (known !== undefined) return known.text;
    const mirror = await this.#withCommit(project, sha);
    const text = await readBlob(mirror, `${sha}:${path}`, path);
    this.#files.set(key, { text }, (text?.length ?? 0) + key.length);
    return text;
  }

  async pipelineFiles(project: ProjectRecord, sha: string): Promise<readonly string[]> {
    if (!isFullCommitId(sha)) throw new ExecError("InvalidSpec", `'${sha}' is no commit id.`);
    const mirror = await this.#withCommit(project, sha);
    const places = [".workflows/", ".github/workflows/", ".platform.yaml", ".platform.yml"];
    const list = await mirror.read(["ls-tree", "-z", sha, "--", ...places]);
    if (list.code !== 0) throw unreadable(project, list.stderr);
    const files = list.stdout
      .toString()
      .split("\0")
      .flatMap((entry) => /^100\d{3} blob [0-9a-f]+\t(.*\.ya?ml)$/is.exec(entry)?.[1] ?? []);
    // In the order the command line has them.
    return places.flatMap((place) =>
      files.filter((file) => file === place || (place.endsWith("/") && file.startsWith(place))),
    );
  }

  async defaultBranch(project: ProjectRecord): Promise<string> {
    return mainBranch(await this.#mirror(project).refresh(), project.defaultBranch);
  }

  async mirrorPath(project: ProjectRecord): Promise<string> {
    const mirror = this.#mirror(project);
    if (!(await mirror.exists())) await mirror.refresh();
    return this.#directory(project.id);
  }

  async remove(projectId: string): Promise<void> {
    const known = this.#mirrors.get(projectId)?.mirror;
    await (known ?? this.#createMirror(projectId, noOrigin)).remove();
    this.#mirrors.delete(projectId);
    this.#commits.deleteAll(`${projectId} `);
    this.#files.deleteAll(`${projectId} `);
  }

  #directory(projectId: string): string {
    if (!/^[\w-][\w.-]*$/.test(projectId))
      throw new ExecError("InvalidSpec", `'${projectId}' is no project's id.`);
    return join(this.#options.folder, `${projectId}.git`);
  }

  #mirror(project: ProjectRecord): Mirror {
    repositoryAddress(project.repositoryUrl);
    const known = this.#mirrors.get(project.id);
    if (known !== undefined) {
      known.project = project;
      return known.mirror;
    }
    const entry: { project: ProjectRecord; readonly mirror: Mirror } = {
      project,
      mirror: this.#createMirror(project.id, async () => {
        const { project: newest } = entry;
        const credentials = await this.#options.credentials?.(newest);
        return {
          name: newest.name,
          url: newest.repositoryUrl,
          defaultBranch: newest.defaultBranch,
          ...(credentials === undefined ? {} : { credentials }),
        };
      }),
    };
    this.#mirrors.set(project.id, entry);
    return entry.mirror;
  }

  #createMirror(projectId: string, origin: ConstructorParameters<typeof Mirror>[0]["origin"]): Mirror {
    const { folder, clock, logger, askTimeoutMs = 30_000, fetchTimeoutMs = 600_000 } = this.#options;
    return new Mirror({
      directory: this.#directory(projectId),
      lockFile: join(folder, "locks", projectId),
      git: this.#git,
      clock,
      logger,
      askTimeoutMs,
      fetchTimeoutMs,
      origin,
    });
  }

  async #named(project: ProjectRecord, name: string, remote: RemoteRefs): Promise<ResolvedRef | undefined> {
    const wanted =
      name === "HEAD" ? [`refs/heads/${mainBranch(remote, project.defaultBranch)}`] : candidateRefs(name);
    for (const ref of wanted) {
      const found = remote.refs.get(ref);
      if (found === undefined) continue;
      const sha = found.peeled ?? found.sha;
      const there = (await this.#commit(project, sha)) ?? (await this.#afterRemake(project, sha));
      if (there === undefined)
        throw new ExecError("NotFound", `'${ref}' of project ${project.name} names no commit.`);
      return { ref, ...there };
    }
    return undefined;
  }

  async #byId(project: ProjectRecord, id: string, remote: RemoteRefs): Promise<ResolvedRef | undefined> {
    if (!isCommitId(id)) return undefined;
    const name = id.toLowerCase();
    const found = isFullCommitId(name)
      ? await this.#commit(project, name)
      : await this.#shortId(project, name);
    return found === undefined
      ? undefined
      : { ref: `refs/heads/${mainBranch(remote, project.defaultBranch)}`, ...found };
  }

  async #shortId(project: ProjectRecord, id: string): Promise<ReadCommit | undefined> {
    const mirror = this.#mirror(project);
    const found = await mirror.read(["rev-parse", "--verify", "--end-of-options", `${id}^{commit}`]);
    if (found.code === 0) return this.#commit(project, found.stdout.toString().trim());
    if (/ambiguous/.test(found.stderr)) {
      throw new ExecError("InvalidSpec", `'${id}' is the beginning of several commit ids; give more of it.`);
    }
    return undefined;
  }

  /** A full ref that is no branch and no tag: `refs/pull/7/head`. */
  async #outside(project: ProjectRecord, ref: string): Promise<ResolvedRef | undefined> {
    if (!ref.startsWith("refs/") || /^refs\/(?:heads|tags|slipway)\//.test(ref)) return undefined;
    const mirror = this.#mirror(project);
    if (!(await mirror.fetchRef(ref))) return undefined;
    const found = parseCommit((await mirror.read(commitArguments(ref))).stdout.toString());
    return found === undefined ? undefined : { ref, ...found };
  }

  async #commit(project: ProjectRecord, sha: string): Promise<ReadCommit | undefined> {
    const key = `${project.id} ${sha}`;
    const known = this.#commits.get(key);
    const mirror = this.#mirror(project);
    if (known !== undefined && (await mirror.exists())) return known;
    const read = await mirror.read(commitArguments(sha));
    const commit = read.code === 0 ? parseCommit(read.stdout.toString()) : undefined;
    // A tag's id also leads to a commit; what is wanted here is the commit's own.
    if (commit !== undefined) this.#commits.set(key, commit, commit.commit.message.length + 500);
    return commit;
  }

  /** The origin has it and the mirror should: either it is no commit, or the mirror is damaged. */
  async #afterRemake(project: ProjectRecord, sha: string): Promise<ReadCommit | undefined> {
    const mirror = this.#mirror(project);
    const kind = await mirror.read(["cat-file", "-t", sha]);
    if (kind.code === 0 && !/^(?:commit|tag)$/.test(kind.stdout.toString().trim())) return undefined;
    this.#options.logger.warn(
      { projectId: project.id, sha },
      "A mirror lacks what it should have; it is made anew.",
    );
    await mirror.remake();
    return this.#commit(project, sha);
  }

  /** The mirror, which has this commit: it is fetched, and a damaged mirror made anew, where it has not. */
  async #withCommit(project: ProjectRecord, sha: string): Promise<Mirror> {
    const mirror = this.#mirror(project);
    const has = async () =>
      (await mirror.read(["rev-parse", "--quiet", "--verify", `${sha}^{tree}`])).code === 0;
    if ((await mirror.exists()) && (await has())) return mirror;
    await mirror.refresh();
    if (await has()) return mirror;
    if (!(await mirror.isSound())) await mirror.remake();
    if ((await has()) || ((await mirror.fetchCommit(sha)) && (await has()))) return mirror;
    throw new ExecError(
      "NotFound",
      `There is no commit ${sha} in the repository of project ${project.name}.`,
    );
  }

  /** As far as is known without asking the origin. */
  async #mainRef(project: ProjectRecord): Promise<string> {
    const mirror = this.#mirror(project);
    if (mirror.known !== undefined) return `refs/heads/${mainBranch(mirror.known, project.defaultBranch)}`;
    const head = await mirror.read(["symbolic-ref", "HEAD"]);
    return head.code === 0 ? head.stdout.toString().trim() : `refs/heads/${project.defaultBranch}`;
  }
}

async function readBlob(mirror: Mirror, name: string, path: string): Promise<string | undefined> {
  const about = await mirror.read(["cat-file", "--batch-check"], `${name}\n`);
  const [id = "", kind, size] = about.stdout.toString().trim().split(" ").slice(-3);
  if (kind !== "blob") return undefined;
  if (Number(size) > MAX_FILE_BYTES) {
    throw new ExecError("InvalidSpec", `${path} is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB.`);
  }
  const content = await mirror.read(["cat-file", "blob", id]);
  if (content.code !== 0)
    throw new ExecError("Permanent", `${path} cannot be read: ${content.stderr.trim()}`);
  return content.stdout.toString();
}

function isPlainPath(path: string): boolean {
  return (
    !/[\p{Cc}]/u.test(path) && path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

function notFound(project: ProjectRecord, ref: string, remote: RemoteRefs): never {
  if (remote.refs.size === 0) {
    throw new ExecError(
      "NotFound",
      `The repository of project ${project.name} is empty: nothing was pushed to it yet.`,
    );
  }
  const near = nearRefs(shortRef(ref), [...remote.refs.keys()].map(shortRef), NEAR_NAMES);
  throw new ExecError(
    "NotFound",
    `There is no branch, tag or commit '${ref}' in the repository of project ${project.name}. The nearest names are ${near.join(", ")}.`,
  );
}

function unreadable(project: ProjectRecord, stderr: string): ExecError {
  return new ExecError("Permanent", `The mirror of project ${project.name} cannot be read: ${stderr.trim()}`);
}

function noOrigin(): Promise<never> {
  return Promise.reject(new ExecError("NotFound", "The project is gone."));
}
