import { lstatSync, mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { JobDirectories } from "../../protocol/job-request.ts";
import { describeFileError } from "../../runner/steps/describe-file-error.ts";
import { claimFolder } from "./dead-runs.ts";
import { safeFileName } from "./safe-file-name.ts";

export interface JobFoldersOptions {
  /** Where temporary folders are made. */
  readonly temp: string;
  /** Shared by runs. */
  readonly toolCache: string;
  readonly actionCache: string;
  /** The repository's name: what the workspace folder is called, as on GitHub. */
  readonly name: string;
  /** The work tree, where jobs work in it itself. */
  readonly bound: string | undefined;
  /** A folder in memory for `JobDirectories.control`, removed with the others. */
  readonly memory: string | undefined;
  /** Nothing is removed. */
  readonly keep: boolean;
}

/** Of a job and its attempts. */
interface FoldersOwner {
  readonly jobKey: string;
  readonly attempt: number;
  /** The repository's name, where it is another than `JobFoldersOptions.name`. */
  readonly repository?: string;
  /** The build whose jobs all work in one workspace; see `releaseBuild`. Absent: it has its own. */
  readonly sharedBy?: string;
}

/** The folders of one attempt of a job. */
interface Place {
  readonly repository: string;
  readonly folder: string;
  readonly directories: JobDirectories;
  readonly sharesWorkspace: boolean;
}

/**
 * The folders of a run, all below one that goes when the run has ended. Each attempt of a job has its own; those that
 * an ended job left as it found them, empty, serve a later one: on some disks to make and remove them costs more than
 * a small job itself.
 */
export class JobFolders {
  readonly #options: JobFoldersOptions;
  readonly #root: string;
  readonly #attempts = new Map<string, Place[]>();
  readonly #free: Place[] = [];
  /** Of builds whose jobs share one. */
  readonly #workspaces = new Map<string, string>();
  readonly #removals = new Set<Promise<void>>();
  #made = 0;

  /** Throws `ExecError` where none can be made. */
  constructor(options: JobFoldersOptions) {
    this.#options = options;
    try {
      this.#root = mkdtempSync(join(options.temp, "slipway-"));
      if (!options.keep) claimFolder(this.#root);
    } catch (error) {
      throw describeFileError(`No workspace can be made in ${options.temp}`, error);
    }
  }

  get root(): string {
    return this.#root;
  }

  /** The folders of an attempt; the runner makes them. */
  directoriesFor(buildId: string, job: FoldersOwner): JobDirectories {
    const id = `${buildId}\0${job.jobKey}`;
    const repository = job.repository ?? this.#options.name;
    const shared = job.sharedBy === undefined ? undefined : this.#shared(job.sharedBy);
    const free = this.#free.findLastIndex((place) => shared === undefined && place.repository === repository);
    const place =
      this.#free.splice(free, free === -1 ? 0 : 1)[0] ??
      this.#place(repository, this.#options.keep ? this.#keptName(buildId, job) : undefined, shared);
    this.#attempts.set(id, [...(this.#attempts.get(id) ?? []), place]);
    return place.directories;
  }

  /** A job has ended and nothing in its folders is needed any more. What is to be removed goes beside the run. */
  release(buildId: string, jobKey: string): void {
    if (this.#options.keep) return;
    const id = `${buildId}\0${jobKey}`;
    const places = this.#attempts.get(id) ?? [];
    this.#attempts.delete(id);
    for (const place of places) {
      if (!place.sharesWorkspace && isAsNew(place, this.#options.bound !== undefined)) {
        this.#free.push(place);
        continue;
      }
      const removal = removeFolder(place.folder).finally(() => this.#removals.delete(removal));
      this.#removals.add(removal);
    }
  }

  /** A build has ended: the workspace that its jobs shared goes, if they did. */
  async releaseBuild(buildId: string): Promise<void> {
    const folder = this.#workspaces.get(buildId);
    if (folder === undefined || this.#options.keep) return;
    this.#workspaces.delete(buildId);
    await removeFolder(folder);
  }

  /** Removes everything, unless it is to be kept. Never rejects. */
  async close(): Promise<void> {
    await Promise.all(this.#removals);
    if (!this.#options.keep) await removeFolder(this.#root);
    if (this.#options.memory !== undefined) await removeFolder(this.#options.memory);
  }

  #shared(buildId: string): string {
    const folder = this.#workspaces.get(buildId) ?? join(this.#root, `shared-${safeFileName(buildId)}`);
    this.#workspaces.set(buildId, folder);
    return folder;
  }

  #place(repository: string, name = `${++this.#made}`, shared?: string): Place {
    const { toolCache, actionCache, bound, memory } = this.#options;
    const folder = join(this.#root, name);
    const directories = {
      workspace: bound ?? join(shared ?? folder, safeFileName(repository)),
      temp: join(folder, "_temp"),
      ...(memory === undefined ? {} : { control: join(memory, name) }),
      toolCache,
      actionCache,
    };
    return { repository, folder, directories, sharesWorkspace: shared !== undefined };
  }

  /** Kept folders are found by the name of their job. */
  #keptName(buildId: string, { jobKey, attempt }: FoldersOwner): string {
    const again = attempt === 1 ? "" : `-attempt-${attempt}`;
    // Jobs of the same key in several builds of the run.
    const others = [...this.#attempts.keys()].some(
      (id) => id.endsWith(`\0${jobKey}`) && !id.startsWith(buildId),
    );
    return `${safeFileName(jobKey)}${again}${others ? `-${buildId}` : ""}`;
  }
}

/** The folders are there, nothing is in them and nothing beside them, and nobody changed who may use them. */
function isAsNew({ folder, directories: { workspace, temp } }: Place, bound: boolean): boolean {
  const own = bound ? [temp] : [workspace, temp];
  try {
    const { mode } = lstatSync(folder);
    return (
      readdirSync(folder).length === own.length &&
      own.every((path) => lstatSync(path).mode === mode && readdirSync(path).length === 0)
    );
  } catch {
    return false;
  }
}

/** Also where a step left folders without write permission (a Go module cache, say). Never rejects. */
async function removeFolder(folder: string): Promise<void> {
  if (removedEmpty(folder)) return;
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    await makeWritable(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 2 }).catch(() => {});
  }
}

/** Most jobs of a large matrix leave nothing: that is gone at once, without the detours of a recursive removal. */
function removedEmpty(folder: string): boolean {
  try {
    for (const name of readdirSync(folder)) rmdirSync(join(folder, name));
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(() => {});
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
}
