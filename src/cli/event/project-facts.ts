import { basename } from "node:path";
import { remoteAddress } from "../git/remote-address.ts";
import type { Commit, Person, Repository } from "../git/repository.ts";

/** What events are made from: the repository's facts, or plain defaults where there is none. */
export interface ProjectFacts {
  readonly owner: string;
  readonly name: string;
  /** Where the repository is, `https://github.com`, without a slash at the end. */
  readonly serverUrl: string;
  /**
   * What `github.server_url` says: GitHub, unless another server was asked for by name. GitHub's own artifact and cache
   * clients refuse to work for any other host.
   */
  readonly githubUrl: string;
  /** Undefined on a detached head. */
  readonly branch: string | undefined;
  readonly tags: readonly string[];
  readonly defaultBranch: string;
  readonly sha: string;
  /** The newest first. */
  readonly commits: readonly Commit[];
  /** Where the remote has the branch. */
  readonly pushed: string | undefined;
  readonly actor: string;
  readonly user: Person;
}

export interface FactOverrides {
  readonly actor?: string | undefined;
  readonly defaultBranch?: string | undefined;
  readonly serverHost?: string | undefined;
  /** The machine's name for the person, where git knows none. */
  readonly userName?: string | undefined;
}

export const NO_COMMIT = "0".repeat(40);

/** Without a repository: a project named after its folder, on its main branch, without commits. */
export function projectFacts(
  repository: Repository | undefined,
  folder: string,
  overrides: FactOverrides = {},
): ProjectFacts {
  const address = repository?.remoteUrl === undefined ? undefined : remoteAddress(repository.remoteUrl);
  const defaultBranch = overrides.defaultBranch ?? repository?.defaultBranch ?? repository?.branch ?? "main";
  const user = repository?.user ?? { name: undefined, email: undefined };
  const isDetached = repository !== undefined && repository.branch === undefined;
  return {
    owner: address?.owner ?? "local",
    name: address?.name ?? (basename(repository?.root ?? folder) || "project"),
    serverUrl:
      overrides.serverHost === undefined
        ? (address?.serverUrl ?? "https://github.com")
        : `https://${overrides.serverHost}`,
    githubUrl: `https://${overrides.serverHost ?? "github.com"}`,
    branch: isDetached ? undefined : (repository?.branch ?? defaultBranch),
    tags: repository?.tags ?? [],
    defaultBranch,
    sha: repository?.commits[0]?.sha ?? NO_COMMIT,
    commits: repository?.commits ?? [],
    pushed: repository?.pushed,
    actor: overrides.actor ?? loginOf(user.name) ?? overrides.userName ?? "local",
    user,
  };
}

/** Logins have no spaces. */
function loginOf(name: string | undefined): string | undefined {
  const login = name?.trim().replace(/\s+/g, "-");
  return login === "" ? undefined : login;
}
