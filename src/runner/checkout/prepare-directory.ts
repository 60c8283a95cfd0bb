import { lstat, mkdir, readdir, realpath, rm } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { ExecError } from "../../errors.ts";
import type { Git } from "../git/git.ts";
import type { CheckoutContext } from "./checkout-context.ts";
import type { CheckoutSettings } from "./checkout-settings.ts";

/** A folder in a workspace that several jobs share, while one of them checks out. */
export const SHARED_LOCK = ".slipway-checking-out";

/**
 * Makes room for a checkout. What stands there gives way, unless it is an earlier checkout of the same repository and
 * the step asks not to clean. True: files were kept. Throws `ExecError` (`InvalidSpec`) rather than delete the user's own.
 */
export async function prepareDirectory(
  settings: CheckoutSettings,
  context: CheckoutContext,
  git: Git,
  originUrl: string,
): Promise<boolean> {
  const { directory } = settings;
  const { source, workspace, log, signal } = context;
  await mkdir(workspace, { recursive: true });
  const root = await realpath(workspace);
  const place = await realPlace(directory);
  if (!isWithin(place, root)) {
    throw new ExecError(
      "InvalidSpec",
      `Repository path '${directory}' leads out of '${workspace}' through a link`,
    );
  }
  if (source.source.kind === "worktree" && isWithin(await realPlace(source.source.path), place)) {
    throw new ExecError(
      "InvalidSpec",
      `Refusing to check out into '${directory}': the repository that is checked out lies there.`,
    );
  }
  const found = await lstat(directory).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) await rm(directory, { force: true });
  await mkdir(directory, { recursive: true });
  const names = (await readdir(directory)).filter((name) => name !== SHARED_LOCK);
  if (names.length === 0) return false;

  const earlier = names.includes(".git") ? await originOf(git, directory, signal) : undefined;
  if (earlier === originUrl && !settings.clean) return true;
  // A bound workspace is the user's own work tree.
  if (source.bound && earlier !== originUrl) {
    throw new ExecError(
      "InvalidSpec",
      `Refusing to delete the contents of '${directory}': the workspace is bound to your work tree. ` +
        "Remove that folder yourself, choose another `path`, or run without --bind.",
    );
  }
  log(`Deleting the contents of '${directory}'`);
  for (const name of names) await rm(join(directory, name), { recursive: true, force: true });
  return false;
}

async function originOf(git: Git, directory: string, signal: AbortSignal): Promise<string | undefined> {
  const file = join(directory, ".git", "config");
  const result = await git(["config", "--file", file, "--get", "remote.origin.url"], { signal });
  return result.code === 0 ? result.stdout.toString("utf8").replace(/\n$/, "") : undefined;
}

/** Where a path really is, also one that is not there yet. */
async function realPlace(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realPlace(parent), relative(parent, path));
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === sep ? sep : `${folder}${sep}`);
}
