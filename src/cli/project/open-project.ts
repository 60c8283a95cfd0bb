import { statSync } from "node:fs";
import { resolve } from "node:path";
import { readRepository } from "../git/read-repository.ts";
import type { NoRepository, Repository } from "../git/repository.ts";
import type { Io } from "../io.ts";
import { UsageError } from "../usage-error.ts";
import { findProjectRoot } from "./find-pipelines.ts";

/** The folder a command is about. */
export interface Project {
  /** Where the person is, or --directory. Absolute. */
  readonly folder: string;
  /** Where pipelines are looked for, and what a checkout holds. Absolute. */
  readonly root: string;
  /** Under way since the project was opened. */
  readonly repository: Promise<Repository | NoRepository>;
}

/** Throws `UsageError` where there is no such folder. */
export function openProject(directory: string | undefined, io: Io, remoteName?: string | undefined): Project {
  const folder = projectFolder(directory, io);
  const root = findProjectRoot(folder);
  const repository = readRepository({
    folder: root,
    env: io.env,
    ...(remoteName === undefined ? {} : { remoteName }),
  });
  return { folder, root, repository };
}

export function projectFolder(directory: string | undefined, io: Io): string {
  const folder = resolve(io.cwd, directory ?? ".");
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) throw new UsageError(`There is no folder ${directory ?? folder}.`);
  if (!stat.isDirectory()) throw new UsageError(`${directory ?? folder} is not a folder.`);
  return folder;
}

export function isRepository(found: Repository | NoRepository): found is Repository {
  return "root" in found;
}
