import { basename } from "node:path";
import { NO_COMMIT, type ProjectFacts } from "../../github-context/project-facts.ts";
import { remoteAddress } from "../git/remote-address.ts";
import type { Repository } from "../git/repository.ts";

export interface FactOverrides {
  readonly actor?: string | undefined;
  readonly defaultBranch?: string | undefined;
  readonly serverHost?: string | undefined;
  /** The machine's name for the person, where git knows none. */
  readonly userName?: string | undefined;
}

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
