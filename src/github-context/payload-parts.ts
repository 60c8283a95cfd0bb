/** The objects that many event payloads share, in the shapes of GitHub's webhooks. */
import type { JsonObject } from "../json.ts";
import type { Commit } from "./commit.ts";
import type { ProjectFacts } from "./project-facts.ts";

/** A number that stays the same for the same text: a stand-in for ids that only a server gives. */
export function stableId(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash % 1_000_000_000;
}

export function userPayload(facts: ProjectFacts, login: string): JsonObject {
  return {
    login,
    id: stableId(login),
    type: "User",
    site_admin: false,
    html_url: `${facts.serverUrl}/${login}`,
    url: `${apiUrl(facts.serverUrl)}/users/${login}`,
  };
}

export function repositoryPayload(facts: ProjectFacts): JsonObject {
  const fullName = `${facts.owner}/${facts.name}`;
  return {
    id: stableId(fullName),
    name: facts.name,
    full_name: fullName,
    private: true,
    owner: { ...userPayload(facts, facts.owner), name: facts.owner },
    html_url: `${facts.serverUrl}/${fullName}`,
    url: `${apiUrl(facts.serverUrl)}/repos/${fullName}`,
    clone_url: facts.cloneUrl ?? `${facts.serverUrl}/${fullName}.git`,
    git_url: `${facts.serverUrl.replace(/^https?:/, "git:")}/${fullName}.git`,
    ssh_url: `git@${facts.serverUrl.replace(/^https?:\/\//, "")}:${fullName}.git`,
    description: null,
    fork: false,
    archived: false,
    visibility: "private",
    default_branch: facts.defaultBranch,
    master_branch: facts.defaultBranch,
  };
}

export function commitPayload(facts: ProjectFacts, commit: Commit): JsonObject {
  const person = ({ name, email }: Commit["author"]): JsonObject => ({
    name: name ?? "",
    email: email ?? "",
  });
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.timestamp,
    url: `${facts.serverUrl}/${facts.owner}/${facts.name}/commit/${commit.sha}`,
    author: person(commit.author),
    committer: person(commit.committer),
  };
}

export function apiUrl(serverUrl: string): string {
  return serverUrl === "https://github.com" ? "https://api.github.com" : `${serverUrl}/api/v3`;
}

export function graphqlUrl(serverUrl: string): string {
  return serverUrl === "https://github.com" ? "https://api.github.com/graphql" : `${serverUrl}/api/graphql`;
}
