import { describe, expect, it } from "vitest";
import type { TriggerSpec } from "../workflow-spec.ts";
import { matchTriggers } from "./match-triggers.ts";
import type { TriggerEvent } from "./trigger-event.ts";

type Filters = Omit<TriggerSpec, "event" | "at">;

function on(event: string, filters: Filters = {}): TriggerSpec {
  return { event, ...filters, at: { line: 1, column: 1 } };
}
function push(ref: string, rest: Partial<TriggerEvent> = {}): TriggerEvent {
  return { name: "push", ref, ...rest };
}
const branch = (name: string, rest: Partial<TriggerEvent> = {}) => push(`refs/heads/${name}`, rest);
const tag = (name: string, rest: Partial<TriggerEvent> = {}) => push(`refs/tags/${name}`, rest);
const pr = (rest: Partial<TriggerEvent> = {}): TriggerEvent => ({
  name: "pull_request",
  action: "opened",
  baseBranch: "main",
  ...rest,
});

describe("what starts, and the reason it gives", () => {
  const cases: [string, TriggerSpec[], TriggerEvent][] = [
    ["push to branch 'main'", [on("push")], branch("main")],
    ["push of tag 'v1'", [on("push")], tag("v1")],
    ["push to branch 'feature/a'", [on("push", { branches: ["main", "feature/*"] })], branch("feature/a")],
    ["push to branch 'x'", [on("push", { branchesIgnore: ["main"] })], branch("x")],
    ["push of tag 'v1.2'", [on("push", { tags: ["v*"] })], tag("v1.2")],
    ["push of tag 'v1'", [on("push", { branches: ["main"], tagsIgnore: ["beta*"] })], tag("v1")],
    ["push to branch 'main'", [on("push", { branches: ["main"], tags: ["v*"] })], branch("main")],
    ["push of tag 'v1'", [on("push", { branches: ["main"], tags: ["v*"] })], tag("v1")],
    [
      "push to branch 'a'",
      [on("push", { paths: ["src/**"] })],
      branch("a", { changedPaths: ["x", "src/a/b"] }),
    ],
    [
      "push to branch 'a'",
      [on("push", { pathsIgnore: ["docs/**"] })],
      branch("a", { changedPaths: ["docs/a", "x"] }),
    ],
    ["push to branch 'a'", [on("push", { paths: ["src/**"] })], branch("a")],
    ["push of tag 'v1'", [on("push", { paths: ["src/**"] })], tag("v1", { changedPaths: ["x"] })],
    [
      "push to branch 'a'",
      [on("push", { paths: ["**", "!docs/**", "docs/api.md"] })],
      branch("a", { changedPaths: ["docs/api.md"] }),
    ],
    ["push", [on("push", { branches: ["main"] })], { name: "push" }],
    ["pull_request 'opened' onto branch 'main'", [on("pull_request")], pr()],
    [
      "pull_request 'labeled' onto branch 'main'",
      [on("pull_request", { types: ["labeled"] })],
      pr({ action: "labeled" }),
    ],
    ["pull_request 'opened' onto branch 'main'", [on("pull_request", { branches: ["main"] })], pr()],
    [
      "pull_request_target 'opened' onto branch 'main'",
      [on("pull_request_target")],
      pr({ name: "pull_request_target", headMessage: "x [skip ci]" }),
    ],
    ["mr 'opened' onto branch 'main'", [on("mr")], pr({ name: "mr" })],
    [
      "mr 'merged' onto branch 'main'",
      [on("mr", { types: ["merged"] })],
      pr({ name: "mr", action: "merged" }),
    ],
    [
      "schedule '0 5 * * *'",
      [on("schedule", { schedules: [{ cron: "0  5 * * *" }] })],
      { name: "schedule", schedule: "0 5 * * *" },
    ],
    ["schedule", [on("schedule", { schedules: [{ cron: "0 5 * * *" }] })], { name: "schedule" }],
    [
      "workflow_dispatch",
      [on("push"), on("workflow_dispatch")],
      { name: "workflow_dispatch", ref: "refs/heads/any" },
    ],
    ["workflow_call", [on("workflow_call")], { name: "workflow_call" }],
    [
      "repository_dispatch 'deploy'",
      [on("repository_dispatch", { types: ["deploy"] })],
      { name: "repository_dispatch", action: "deploy" },
    ],
    [
      "release 'published'",
      [on("release", { types: ["published"] })],
      { name: "release", action: "published" },
    ],
    ["issues 'closed'", [on("issues")], { name: "issues", action: "closed" }],
    [
      "workflow_run 'completed'",
      [on("workflow_run", { workflows: ["CI"], types: ["completed"], branches: ["rel/**"] })],
      { name: "workflow_run", action: "completed", workflow: "CI", headBranch: "rel/a/b" },
    ],
    [
      "merge_group 'checks_requested' onto branch 'main'",
      [on("merge_group", { branches: ["main"] })],
      { name: "merge_group", action: "checks_requested", baseBranch: "main" },
    ],
  ];
  it.each(cases)("%s", (reason, triggers, event) => {
    expect(matchTriggers(triggers, event)).toEqual({ starts: true, reason });
  });
});

describe("what does not start, and the reason it gives", () => {
  const cases: [string, TriggerSpec[], TriggerEvent][] = [
    [
      "'push' is not among its triggers (release, schedule)",
      [on("release"), on("schedule"), on("release")],
      branch("a"),
    ],
    ["'push' is not among its triggers (it has none)", [], branch("a")],
    [
      "branch 'dev' matches none of main, rel/**",
      [on("push", { branches: ["main", "rel/**"] })],
      branch("dev"),
    ],
    ["branch 'main' is ignored by ma*", [on("push", { branchesIgnore: ["ma*"] })], branch("main")],
    [
      "branch 'rel/x' matches none of rel/**, !rel/x",
      [on("push", { branches: ["rel/**", "!rel/x"] })],
      branch("rel/x"),
    ],
    ["branch 'a' matches none of !b", [on("push", { branches: ["!b"] })], branch("a")],
    ["branch 'main' was pushed, and only tags start it", [on("push", { tags: ["v*"] })], branch("main")],
    [
      "branch 'main' was pushed, and only tags start it",
      [on("push", { tagsIgnore: ["v*"] })],
      branch("main"),
    ],
    ["tag 'v1' was pushed, and only branches start it", [on("push", { branches: ["**"] })], tag("v1")],
    ["tag 'v1' was pushed, and only branches start it", [on("push", { branchesIgnore: ["x"] })], tag("v1")],
    ["tag 'x1' matches none of v*", [on("push", { tags: ["v*"] })], tag("x1")],
    ["tag 'v1-rc' is ignored by *-rc", [on("push", { tagsIgnore: ["*-rc"] })], tag("v1-rc")],
    ["the push deletes its branch or tag", [on("push")], branch("a", { deleted: true })],
    [
      "none of the 2 changed files matches src/**",
      [on("push", { paths: ["src/**"] })],
      branch("a", { changedPaths: ["x", "y/src/z"] }),
    ],
    [
      "none of the 0 changed files matches **",
      [on("push", { paths: ["**"] })],
      branch("a", { changedPaths: [] }),
    ],
    [
      "all 2 changed files are ignored by docs/**, *.md",
      [on("push", { pathsIgnore: ["docs/**", "*.md"] })],
      branch("a", { changedPaths: ["docs/a", "x.md"] }),
    ],
    [
      "branch 'x' matches none of main",
      [on("push", { branches: ["main"], paths: ["**"] })],
      branch("x", { changedPaths: ["a"] }),
    ],
    ["the commit message says '[skip ci]'", [on("push")], branch("a", { headMessage: "wip [skip ci]" })],
    [
      "the commit message says '[Skip Actions]'",
      [on("pull_request")],
      pr({ headMessage: "[Skip Actions] wip" }),
    ],
    [
      "the commit message says 'skip-checks: true'",
      [on("push")],
      branch("a", { headMessage: "wip\n\n\nskip-checks: true\n" }),
    ],
    [
      "activity 'closed' is none of opened, synchronize, reopened",
      [on("pull_request")],
      pr({ action: "closed" }),
    ],
    [
      "activity 'edited' is none of published",
      [on("release", { types: ["published"] })],
      { name: "release", action: "edited" },
    ],
    [
      "branch 'dev' matches none of main",
      [on("pull_request", { branches: ["main"] })],
      pr({ baseBranch: "dev" }),
    ],
    [
      "workflow 'Lint' is none of CI, Docs",
      [on("workflow_run", { workflows: ["CI", "Docs"] })],
      { name: "workflow_run", workflow: "Lint" },
    ],
    [
      "branch 'x' is ignored by x",
      [on("workflow_run", { workflows: ["CI"], branchesIgnore: ["x"] })],
      { name: "workflow_run", workflow: "CI", headBranch: "x" },
    ],
    [
      "schedule '1 * * * *' is none of '0 5 * * *'",
      [on("schedule", { schedules: [{ cron: "0 5 * * *" }] })],
      { name: "schedule", schedule: "1 * * * *" },
    ],
    [
      "The pattern 'v[' is malformed: a '[' is never closed by ']'",
      [on("push", { branches: ["v["] })],
      branch("a"),
    ],
  ];
  it.each(cases)("%s", (reason, triggers, event) => {
    expect(matchTriggers(triggers, event)).toEqual({ starts: false, reason });
  });
});

describe("asking to skip", () => {
  it.each([
    "[skip ci]",
    "[ci skip]",
    "[no ci]",
    "[skip actions]",
    "[actions skip]",
    "x\n\n\nskip-checks:true",
  ])("works by: %s", (headMessage) => {
    expect(matchTriggers([on("push")], branch("a", { headMessage })).starts).toBe(false);
  });

  it.each([
    "skip ci",
    "[skip  ci]",
    "[skip]",
    "skip-checks: true",
    "a\n\nskip-checks: false",
    "a\n\nskip-checks: true\nmore",
  ])("does not work by: %j", (headMessage) => {
    expect(matchTriggers([on("push")], branch("a", { headMessage })).starts).toBe(true);
  });

  it("stops pushes and pull requests only", () => {
    const event = { headMessage: "[skip ci]" };
    expect(matchTriggers([on("workflow_dispatch")], { name: "workflow_dispatch", ...event }).starts).toBe(
      true,
    );
    expect(matchTriggers([on("schedule", { schedules: [] })], { name: "schedule", ...event }).starts).toBe(
      true,
    );
  });
});
