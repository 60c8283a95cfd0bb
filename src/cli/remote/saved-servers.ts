import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Environment } from "../io.ts";
import { describeFileError } from "../project/file-error.ts";
import { UsageError } from "../usage-error.ts";

/** The servers a person has logged in to, with their tokens. */
export interface SavedServers {
  /** Address of the one that is meant where none is named. */
  readonly current?: string;
  readonly tokens: { readonly [address: string]: string };
}

const NONE: SavedServers = { tokens: {} };

/** Only its owner may read it. */
export function savedServersFile(env: Environment): string {
  const home = env.XDG_CONFIG_HOME ?? (env.HOME === undefined ? undefined : join(env.HOME, ".config"));
  if (home === undefined) {
    throw new UsageError(
      "There is no home folder to keep logins in.",
      "Set HOME, or SLIPWAY_SERVER and SLIPWAY_TOKEN.",
    );
  }
  return join(home, "slipway", "servers.json");
}

export async function readSavedServers(env: Environment): Promise<SavedServers> {
  const file = savedServersFile(env);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return NONE;
    throw new UsageError(`The logins in ${file} cannot be read: ${describeFileError(error)}.`);
  }
  try {
    const saved: SavedServers = JSON.parse(text);
    if (typeof saved.tokens === "object" && saved.tokens !== null) return saved;
  } catch {
    // Told below.
  }
  throw new UsageError(`${file} is damaged.`, "Delete it and log in again.");
}

export async function writeSavedServers(env: Environment, servers: SavedServers): Promise<void> {
  const file = savedServersFile(env);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, `${JSON.stringify(servers, undefined, 2)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  } catch (error) {
    throw new UsageError(`The login cannot be kept in ${file}: ${describeFileError(error)}.`);
  }
}
