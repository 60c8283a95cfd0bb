import { buildEvent } from "../github-context/github-context.ts";
import type { ProjectFacts } from "../github-context/project-facts.ts";
import { repositoryName } from "../github-context/repository-name.ts";
import type { JsonObject } from "../json.ts";
import type { ResolvedRef } from "../repositories/repositories.ts";
import type { ProjectRecord } from "../store/project-record.ts";
import type { PipelineParts } from "./pipeline-parts.ts";

export interface GithubRequest {
  readonly event: string;
  readonly file: string;
  readonly at: ResolvedRef;
  readonly actor: string;
  /** `github.event.inputs`, of `workflow_dispatch`. */
  readonly inputs: { readonly [name: string]: string };
  readonly schedule?: string | undefined;
}

/** The `github` context of a build, and in it the event's payload, as far as they do not belong to a run or a job. */
export function buildGithub(
  {
    clock,
    serverUrl,
    githubUrl = "https://github.com",
  }: Pick<PipelineParts, "clock" | "serverUrl" | "githubUrl">,
  project: ProjectRecord,
  { event, file, at, actor, inputs, schedule }: GithubRequest,
): JsonObject {
  const { message, authorName, authorEmail, committerName, committerEmail, committedAt, ...ids } = at.commit;
  const branch = at.ref.startsWith("refs/heads/") ? at.ref.slice("refs/heads/".length) : undefined;
  const [owner = "", name = ""] = repositoryName(project.name).split("/");
  const facts: ProjectFacts = {
    owner,
    name,
    serverUrl,
    cloneUrl: `${serverUrl}/git/${project.name}.git`,
    githubUrl,
    branch,
    tags: at.ref.startsWith("refs/tags/") ? [at.ref.slice("refs/tags/".length)] : [],
    defaultBranch: project.defaultBranch,
    sha: at.sha,
    commits: [
      {
        sha: at.sha,
        tree: ids.tree,
        parents: ids.parents,
        author: { name: authorName, email: authorEmail },
        committer: { name: committerName, email: committerEmail },
        timestamp: committedAt,
        message,
        refs: [at.ref],
      },
    ],
    pushed: undefined,
    actor,
    user: { name: actor, email: undefined },
  };
  const { github } = buildEvent({ event, facts, file, schedule, inputs, now: clock.now() });
  return github;
}
