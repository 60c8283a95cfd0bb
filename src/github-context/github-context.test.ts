import { describe, expect, it } from "vitest";
import type { Commit } from "./commit.ts";
import { buildEvent, type EventRequest, overrideGithub, withRun } from "./github-context.ts";
import { jsonAt, mergeJson } from "./merge-json.ts";
import { NO_COMMIT, type ProjectFacts } from "./project-facts.ts";

const person = { name: "Ada", email: "ada@example.org" };

function commit(sha: string, message: string, more: Partial<Commit> = {}): Commit {
  return {
    sha,
    tree: `t${sha}`,
    parents: [],
    author: person,
    committer: person,
    timestamp: "2026-01-02T03:04:05+01:00",
    message,
    refs: [],
    ...more,
  };
}

const facts: ProjectFacts = {
  owner: "team",
  name: "app",
  serverUrl: "https://github.com",
  githubUrl: "https://github.com",
  branch: "feature/x",
  tags: [],
  defaultBranch: "main",
  sha: "c3",
  commits: [
    commit("c3", "Third\n\nWith a body", { parents: ["c2"] }),
    commit("c2", "Second", { parents: ["c1"] }),
    commit("c1", "First", { refs: ["refs/remotes/origin/main", "refs/remotes/origin/feature/x"] }),
  ],
  pushed: "c1",
  actor: "ada",
  user: person,
};

function build(event: string, more: Partial<EventRequest> = {}) {
  return buildEvent({ event, facts, file: ".github/workflows/ci.yml", now: Date.UTC(2026, 0, 2), ...more });
}

describe("buildEvent", () => {
  it("makes the push of what the remote lacks", () => {
    const { github, trigger } = build("push");
    expect(github).toMatchObject({
      event_name: "push",
      ref: "refs/heads/feature/x",
      ref_name: "feature/x",
      ref_type: "branch",
      sha: "c3",
      head_ref: "",
      base_ref: "",
      repository: "team/app",
      repository_owner: "team",
      actor: "ada",
      triggering_actor: "ada",
      server_url: "https://github.com",
      api_url: "https://api.github.com",
      graphql_url: "https://api.github.com/graphql",
      workflow_ref: "team/app/.github/workflows/ci.yml@refs/heads/feature/x",
    });
    expect(github.event).toMatchObject({
      ref: "refs/heads/feature/x",
      before: "c1",
      after: "c3",
      created: false,
      head_commit: { id: "c3", message: "Third\n\nWith a body", author: { name: "Ada" } },
      pusher: { name: "ada", email: "ada@example.org" },
      repository: { full_name: "team/app", default_branch: "main" },
      sender: { login: "ada" },
    });
    expect(jsonAt(github.event, "commits")).toMatchObject([{ id: "c2" }, { id: "c3" }]);
    expect(trigger).toMatchObject({
      name: "push",
      ref: "refs/heads/feature/x",
      headMessage: "Third\n\nWith a body",
    });
  });

  it("makes the push of the last commit, where the remote has everything or is not known", () => {
    for (const pushed of ["c3", undefined]) {
      const { github } = build("push", { facts: { ...facts, pushed } });
      expect(github.event).toMatchObject({ before: "c2", after: "c3" });
      expect(jsonAt(github.event, "commits")).toHaveLength(1);
    }
  });

  it("makes the push of a tag where one is checked out", () => {
    const { github } = build("push", { facts: { ...facts, branch: undefined, tags: ["v1"] } });
    expect(github).toMatchObject({ ref: "refs/tags/v1", ref_name: "v1", ref_type: "tag" });
  });

  it("makes a pull request of the branch into the main branch", () => {
    const { github, trigger } = build("pull_request");
    expect(github).toMatchObject({
      ref: "refs/pull/1/merge",
      ref_name: "1/merge",
      head_ref: "feature/x",
      base_ref: "main",
      sha: "c3",
    });
    expect(github.event).toMatchObject({
      action: "opened",
      number: 1,
      pull_request: {
        title: "Third",
        body: "With a body",
        head: { ref: "feature/x", sha: "c3" },
        base: { ref: "main", sha: "c1" },
        commits: 2,
      },
    });
    expect(trigger).toMatchObject({ name: "pull_request", action: "opened", baseBranch: "main" });
    expect(build("pull_request_target").github).toMatchObject({ ref: "refs/heads/main", sha: "c1" });
    expect(build("mr").github).toMatchObject({ event_name: "pull_request" });
  });

  it.each([
    ["release", { ref: "refs/tags/v0.0.0" }, { action: "published", release: { tag_name: "v0.0.0" } }],
    [
      "workflow_dispatch",
      { ref: "refs/heads/feature/x" },
      { workflow: ".github/workflows/ci.yml", inputs: { a: "1" } },
    ],
    ["schedule", { ref: "refs/heads/feature/x" }, { schedule: "0 4 * * *" }],
    ["repository_dispatch", {}, { action: "dispatch", client_payload: {} }],
    ["create", { ref: "refs/heads/feature/x" }, { ref: "feature/x", ref_type: "branch" }],
    ["issues", {}, { action: "opened", issue: { number: 1 } }],
    ["issue_comment", {}, { action: "created", comment: { id: 1 } }],
    ["workflow_run", {}, { action: "completed", workflow_run: { conclusion: "success", head_sha: "c3" } }],
    ["merge_group", { ref: "refs/heads/gh-readonly-queue/main/pr-1-c3" }, { action: "checks_requested" }],
    ["deployment", { sha: "c3", ref: "refs/heads/feature/x" }, { deployment: { environment: "production" } }],
    [
      "pull_request_review",
      { ref: "refs/pull/1/merge" },
      { review: { state: "approved" }, pull_request: {} },
    ],
    ["watch", {}, { action: "started" }],
    ["fork", {}, { repository: { name: "app" } }],
  ])("makes a payload for %s", (event, github, payload) => {
    const made = build(event, { inputs: { a: "1" }, schedule: "0 4 * * *" });
    expect(made.github).toMatchObject(github);
    expect(made.github.event).toMatchObject(payload);
  });

  it("lays an event file over it, and takes ref, sha and names from there", () => {
    const push = build("push", {
      given: { ref: "refs/tags/v9", after: "c9", repository: { full_name: "me/other" } },
    });
    expect(push.github).toMatchObject({
      ref: "refs/tags/v9",
      ref_type: "tag",
      sha: "c9",
      repository: "me/other",
      repository_owner: "me",
    });
    const pull = build("pull_request", {
      given: { number: 7, action: "labeled", pull_request: { head: { ref: "h" }, base: { ref: "b" } } },
    });
    expect(pull.github).toMatchObject({ ref: "refs/pull/7/merge", head_ref: "h", base_ref: "b" });
    expect(pull.trigger).toMatchObject({ action: "labeled", baseBranch: "b" });
    expect(jsonAt(pull.github.event, "pull_request", "head", "sha")).toBe("c3");
    expect(build("push", { given: { deleted: true } }).trigger.deleted).toBe(true);
  });

  it("tells filters which schedule came due, where the event file says so", () => {
    expect(build("schedule", { given: { schedule: "0 4 * * 1" } }).trigger.schedule).toBe("0 4 * * 1");
    expect(build("schedule").trigger).not.toHaveProperty("schedule");
  });

  it("tells filters the branch that a merge queue merges into", () => {
    const { github, trigger } = build("merge_group");
    expect(trigger).toMatchObject({ name: "merge_group", action: "checks_requested", baseBranch: "main" });
    expect(github.base_ref).toBe("");
  });

  it("works where there is no commit", () => {
    const { github } = build("push", {
      facts: { ...facts, branch: "main", sha: NO_COMMIT, commits: [] },
    });
    expect(github).toMatchObject({ repository: "team/app", ref: "refs/heads/main", sha: NO_COMMIT });
    expect(github.event).toMatchObject({ head_commit: null, commits: [], created: true });
  });

  it("says GitHub's own address for a repository elsewhere: its artifact and cache clients take no other", () => {
    const { github } = build("push", { facts: { ...facts, serverUrl: "https://git.example.com" } });
    expect(github).toMatchObject({ server_url: "https://github.com", api_url: "https://api.github.com" });
    expect(jsonAt(github.event, "repository", "html_url")).toBe("https://git.example.com/team/app");
    expect(jsonAt(github.event, "repository", "clone_url")).toBe("https://git.example.com/team/app.git");
  });

  it("names the address clones are made from where that is another", () => {
    const cloneUrl = "https://ci.example.com/git/app.git";
    const { github } = build("push", { facts: { ...facts, cloneUrl } });
    expect(jsonAt(github.event, "repository", "clone_url")).toBe(cloneUrl);
  });

  it("names another server everywhere where it was asked for", () => {
    const other = { ...facts, serverUrl: "https://git.example.org", githubUrl: "https://git.example.org" };
    expect(build("push", { facts: other }).github).toMatchObject({
      server_url: "https://git.example.org",
      api_url: "https://git.example.org/api/v3",
      graphql_url: "https://git.example.org/api/graphql",
    });
  });
});

describe("overrideGithub", () => {
  it("takes GITHUB_ variables of --env, and no others", () => {
    const github = withRun({ ref: "refs/heads/main" }, { runId: "5", runNumber: 2 });
    expect(
      overrideGithub(github, { GITHUB_REF: "refs/heads/x", GITHUB_RUN_ID: "7", GITHUB_TOKEN: "t", A: "b" }),
    ).toEqual({
      ref: "refs/heads/x",
      run_id: "7",
      run_number: "2",
      run_attempt: "1",
    });
  });
});

describe("mergeJson", () => {
  it("merges objects, replaces all else, and takes __proto__ for a key", () => {
    expect(mergeJson({ a: { b: 1, c: [1] } }, { a: { c: [2] }, d: null })).toEqual({
      a: { b: 1, c: [2] },
      d: null,
    });
    const merged = mergeJson({}, JSON.parse('{"__proto__": {"polluted": true}}'));
    expect(Object.keys(merged ?? {})).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
