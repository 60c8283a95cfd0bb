import type { Json, JsonObject } from "../json.ts";
import { commitPayload, repositoryPayload, stableId, userPayload } from "./payload-parts.ts";
import { NO_COMMIT, type ProjectFacts } from "./project-facts.ts";

export interface PayloadRequest {
  readonly event: string;
  readonly facts: ProjectFacts;
  /** `github.event.action`, for events that have activities. */
  readonly action?: string | undefined;
  /** The pipeline file, relative to the repository. */
  readonly file: string;
  /** `workflow_dispatch`. */
  readonly inputs?: JsonObject | undefined;
  /** `schedule`: the cron line. */
  readonly schedule?: string | undefined;
  /** ISO 8601. */
  readonly now: string;
}

/** The payload GitHub would send for this event if the repository were in the state it is in here. */
export function eventPayload(request: PayloadRequest): JsonObject {
  const { event, facts, action } = request;
  const make = Object.hasOwn(PAYLOADS, event) ? PAYLOADS[event] : undefined;
  return {
    ...(action === undefined ? {} : { action }),
    ...make?.(request),
    repository: repositoryPayload(facts),
    sender: userPayload(facts, facts.actor),
  };
}

/** The activity GitHub starts with where an event has several. */
export function defaultAction(event: string): string | undefined {
  return Object.hasOwn(ACTIONS, event) ? ACTIONS[event] : undefined;
}

const ACTIONS: { readonly [event: string]: string } = {
  branch_protection_rule: "created",
  check_run: "created",
  check_suite: "completed",
  discussion: "created",
  discussion_comment: "created",
  issue_comment: "created",
  issues: "opened",
  label: "created",
  merge_group: "checks_requested",
  milestone: "created",
  mr: "opened",
  pull_request: "opened",
  pull_request_review: "submitted",
  pull_request_review_comment: "created",
  pull_request_target: "opened",
  registry_package: "published",
  release: "published",
  repository_dispatch: "dispatch",
  watch: "started",
  workflow_run: "completed",
};

/** The ref that is checked out, fully qualified. */
export function currentRef({ branch, tags, defaultBranch }: ProjectFacts): string {
  if (branch !== undefined) return `refs/heads/${branch}`;
  return tags[0] === undefined ? `refs/heads/${defaultBranch}` : `refs/tags/${tags[0]}`;
}

const PAYLOADS: { readonly [event: string]: (request: PayloadRequest) => JsonObject } = {
  push,
  pull_request: pullRequest,
  pull_request_target: pullRequest,
  pull_request_review: (request) => ({ ...pullRequest(request), review: review(request) }),
  pull_request_review_comment: (request) => ({ ...pullRequest(request), comment: comment(request) }),
  mr: pullRequest,
  workflow_dispatch: ({ facts, file, inputs }) => ({
    inputs: inputs ?? {},
    ref: currentRef(facts),
    workflow: file,
  }),
  schedule: ({ schedule, file }) => ({ schedule: schedule ?? "", workflow: file }),
  repository_dispatch: ({ facts }) => ({ branch: facts.defaultBranch, client_payload: {} }),
  release: (request) => ({ release: release(request) }),
  create: ({ facts }) => ({
    ref: facts.branch ?? facts.tags[0] ?? facts.defaultBranch,
    ref_type: facts.branch === undefined ? "tag" : "branch",
    master_branch: facts.defaultBranch,
    description: null,
    pusher_type: "user",
  }),
  delete: ({ facts }) => ({
    ref: facts.branch ?? facts.defaultBranch,
    ref_type: "branch",
    pusher_type: "user",
  }),
  issues: (request) => ({ issue: issue(request) }),
  issue_comment: (request) => ({ issue: issue(request), comment: comment(request) }),
  workflow_run: ({ facts, file, now }) => ({
    workflow: { id: stableId(file), name: file, path: file, state: "active" },
    workflow_run: {
      id: stableId(facts.sha),
      name: file,
      head_branch: facts.branch ?? facts.defaultBranch,
      head_sha: facts.sha,
      event: "push",
      status: "completed",
      conclusion: "success",
      run_number: 1,
      run_attempt: 1,
      created_at: now,
      updated_at: now,
    },
  }),
  merge_group: ({ facts }) => ({
    merge_group: {
      head_sha: facts.sha,
      head_ref: `refs/heads/gh-readonly-queue/${facts.defaultBranch}/pr-1-${facts.sha}`,
      base_sha: baseSha(facts),
      base_ref: `refs/heads/${facts.defaultBranch}`,
    },
  }),
  deployment: (request) => ({ deployment: deployment(request) }),
  deployment_status: (request) => ({
    deployment: deployment(request),
    deployment_status: { state: "success", environment: "production" },
  }),
};

function push({ facts }: PayloadRequest): JsonObject {
  const ref = currentRef(facts);
  const [head, ...older] = facts.commits;
  const known = facts.commits.findIndex(({ sha }) => sha === facts.pushed);
  // What the remote lacks; where it lacks nothing, the last commit, as if it had just been pushed.
  const pushed = known > 0 ? facts.commits.slice(0, known) : facts.commits.slice(0, 1);
  const before = (known > 0 ? facts.pushed : (head?.parents[0] ?? older[0]?.sha)) ?? NO_COMMIT;
  const base = `${facts.serverUrl}/${facts.owner}/${facts.name}/compare`;
  return {
    ref,
    before,
    after: facts.sha,
    base_ref: null,
    created: before === NO_COMMIT,
    deleted: false,
    forced: false,
    compare: `${base}/${before.slice(0, 12)}...${facts.sha.slice(0, 12)}`,
    commits: pushed.map((commit) => commitPayload(facts, commit)).toReversed(),
    head_commit: head === undefined ? null : commitPayload(facts, head),
    pusher: { name: facts.actor, email: facts.user.email ?? "" },
  };
}

/** The newest commit that the main branch also has, as far as is known without asking git again. */
function baseSha({ commits, defaultBranch, sha }: ProjectFacts): string {
  const isMain = (ref: string) =>
    ref === `refs/heads/${defaultBranch}` ||
    (ref.startsWith("refs/remotes/") && ref.split("/").slice(3).join("/") === defaultBranch);
  return commits.find(({ refs }) => refs.some(isMain))?.sha ?? sha;
}

function pullRequest(request: PayloadRequest): JsonObject {
  const { facts, now } = request;
  const head = facts.branch ?? facts.defaultBranch;
  const repo = repositoryPayload(facts);
  const user = userPayload(facts, facts.actor);
  const [subject = head, ...body] = (facts.commits[0]?.message ?? head).split("\n");
  const url = `${facts.serverUrl}/${facts.owner}/${facts.name}/pull/1`;
  return {
    number: 1,
    pull_request: {
      id: stableId(url),
      number: 1,
      state: "open",
      locked: false,
      draft: false,
      merged: false,
      mergeable: true,
      title: subject,
      body: body.join("\n").trim() || null,
      user,
      labels: [],
      assignees: [],
      requested_reviewers: [],
      author_association: "OWNER",
      html_url: url,
      created_at: now,
      updated_at: now,
      merge_commit_sha: facts.sha,
      commits: Math.max(
        1,
        facts.commits.findIndex(({ sha }) => sha === baseSha(facts)),
      ),
      head: { label: `${facts.owner}:${head}`, ref: head, sha: facts.sha, user, repo },
      base: {
        label: `${facts.owner}:${facts.defaultBranch}`,
        ref: facts.defaultBranch,
        sha: baseSha(facts),
        user,
        repo,
      },
    },
  };
}

function release({ facts, now }: PayloadRequest): JsonObject {
  const tag = facts.tags[0] ?? "v0.0.0";
  return {
    id: stableId(tag),
    tag_name: tag,
    target_commitish: facts.defaultBranch,
    name: tag,
    body: "",
    draft: false,
    prerelease: /-/.test(tag),
    created_at: now,
    published_at: now,
    author: userPayload(facts, facts.actor),
    assets: [],
    html_url: `${facts.serverUrl}/${facts.owner}/${facts.name}/releases/tag/${tag}`,
  };
}

function issue({ facts, now }: PayloadRequest): JsonObject {
  return {
    id: 1,
    number: 1,
    title: "An issue",
    body: "",
    state: "open",
    user: userPayload(facts, facts.actor),
    labels: [],
    assignees: [],
    created_at: now,
    updated_at: now,
    html_url: `${facts.serverUrl}/${facts.owner}/${facts.name}/issues/1`,
  };
}

function comment({ facts, now }: PayloadRequest): JsonObject {
  return { id: 1, body: "", user: userPayload(facts, facts.actor), created_at: now, updated_at: now };
}

function review({ facts, now }: PayloadRequest): JsonObject {
  return { id: 1, state: "approved", body: null, user: userPayload(facts, facts.actor), submitted_at: now };
}

function deployment({ facts, now }: PayloadRequest): Json {
  return {
    id: 1,
    sha: facts.sha,
    ref: facts.branch ?? facts.defaultBranch,
    task: "deploy",
    environment: "production",
    creator: userPayload(facts, facts.actor),
    created_at: now,
  };
}
