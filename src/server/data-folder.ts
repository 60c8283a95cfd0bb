import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileError } from "../blobs/file-error.ts";

/** Where a server keeps what it keeps on its own machine. All absolute. */
export interface DataFolder {
  readonly root: string;
  /** SQLite, where the records are embedded. */
  readonly records: string;
  readonly blobs: string;
  /** Bare mirrors of the projects' repositories. */
  readonly mirrors: string;
  readonly masterKey: string;
  /** Workspaces of jobs, while they run. */
  readonly work: string;
  /** Shared by jobs: fetched actions and tools. */
  readonly actions: string;
  readonly tools: string;
  /** Uploads that are not whole yet. */
  readonly uploads: string;
}

/** Makes the folder where it is missing. Rejects with `ExecError` and a clear text where it cannot be used. */
export async function openDataFolder(root: string): Promise<DataFolder> {
  const at = (name: string) => join(root, name);
  const folder: DataFolder = {
    root,
    records: at("slipway.db"),
    blobs: at("blobs"),
    mirrors: at("mirrors"),
    masterKey: at("master.key"),
    work: at("work"),
    actions: at("actions"),
    tools: at("tools"),
    uploads: at("uploads"),
  };
  try {
    // It holds keys and secrets of many.
    await mkdir(root, { recursive: true, mode: 0o700 });
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
    for (const path of [
      folder.blobs,
      folder.mirrors,
      folder.work,
      folder.actions,
      folder.tools,
      folder.uploads,
    ]) {
      await mkdir(path, { recursive: true });
    }
  } catch (error) {
    throw fileError(error, `the data folder ${root} cannot be used`);
  }
  return folder;
}
