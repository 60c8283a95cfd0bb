import { mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PlacedJob } from "../../builds/build-options.ts";
import { claimFolder } from "../../executors/local/dead-runs.ts";
import type { JobDirectories } from "../../protocol/job-request.ts";
import { describeFileError } from "../project/file-error.ts";
import { UsageError } from "../usage-error.ts";
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

/** The folders of a run: one for each attempt of a job, all below one that goes when the run has ended. */
export class JobFolders {
  readonly #options: JobFoldersOptions;
  readonly #root: string;
  readonly #attempts = new Map<string, string[]>();
  readonly #removals = new Set<Promise<void>>();

  constructor(options: JobFoldersOptions) {
    this.#options = options;
    try {
      this.#root = mkdtempSync(join(options.temp, "slipway-"));
      if (!options.keep) claimFolder(this.#root);
    } catch (error) {
      throw new UsageError(
        `No workspace can be made in ${options.temp}: ${describeFileError(error)}.`,
        "Set TMPDIR to a folder that can be written.",
      );
    }
  }

  get root(): string {
    return this.#root;
  }

  /** The folders of an attempt; the runner makes them. */
  directoriesFor(buildId: string, { jobKey, attempt }: PlacedJob): JobDirectories {
    const { toolCache, actionCache, name, bound } = this.#options;
    const folderName = `${safeFileName(jobKey)}${attempt === 1 ? "" : `-attempt-${attempt}`}${this.#suffix(buildId, jobKey)}`;
    const folder = join(this.#root, folderName);
    const id = `${buildId}\0${jobKey}`;
    this.#attempts.set(id, [...(this.#attempts.get(id) ?? []), folder]);
    return {
      workspace: bound ?? join(folder, safeFileName(name)),
      temp: join(folder, "_temp"),
      ...(this.#options.memory === undefined ? {} : { control: join(this.#options.memory, folderName) }),
      toolCache,
      actionCache,
    };
  }

  /** A job has ended and nothing in its folders is needed any more. Goes on beside the run. */
  release(buildId: string, jobKey: string): void {
    if (this.#options.keep) return;
    const id = `${buildId}\0${jobKey}`;
    const folders = this.#attempts.get(id) ?? [];
    this.#attempts.delete(id);
    for (const folder of folders) {
      const removal = removeFolder(folder).finally(() => this.#removals.delete(removal));
      this.#removals.add(removal);
    }
  }

  /** Removes everything, unless it is to be kept. Never rejects. */
  async close(): Promise<void> {
    await Promise.all(this.#removals);
    if (!this.#options.keep) await removeFolder(this.#root);
    if (this.#options.memory !== undefined) await removeFolder(this.#options.memory);
  }

  /** Jobs of the same key in several builds of the run. */
  #suffix(buildId: string, jobKey: string): string {
    const others = [...this.#attempts.keys()].some(
      (id) => id.endsWith(`\0${jobKey}`) && !id.startsWith(buildId),
    );
    return others ? `-${buildId}` : "";
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
