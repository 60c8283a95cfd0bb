import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../io.ts";

/** Where Slipway keeps things for a person, by the XDG base directory specification. */
export interface UserFolders {
  /** Run numbers, logs, artifacts. */
  readonly state: string;
  /** Actions, tools, caches: may be deleted at any time. */
  readonly cache: string;
  readonly temp: string;
}

export function userFolders(env: Environment): UserFolders {
  const home = env.HOME || homedir();
  return {
    state: join(absolute(env.XDG_STATE_HOME) ?? join(home, ".local", "state"), "slipway"),
    cache: join(absolute(env.XDG_CACHE_HOME) ?? join(home, ".cache"), "slipway"),
    temp: absolute(env.TMPDIR) ?? tmpdir(),
  };
}

/** The specification says to ignore relative paths. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith("/") ? path : undefined;
}
