import { describe, expect, it } from "vitest";
import type { TriggerSpec, WorkflowSpec } from "../../spec/workflow-spec.ts";
import { type Candidate, type ChosenPipeline, choosePipelines, type Wish } from "./choose-pipelines.ts";

const at = { line: 1, column: 1 };

function pipeline(
  file: string,
  on: readonly (Partial<TriggerSpec> & { event: string })[],
  jobs = ["build"],
): Candidate {
  const spec: WorkflowSpec = {
    file,
    format: file.includes("platform") ? "platform" : "workflow",
    on: on.map((trigger) => ({ ...trigger, at })),
    jobs: jobs.map((id) => ({ kind: "steps", id, needs: [], runsOn: "ubuntu-latest", steps: [], at })),
    artifacts: [],
  };
  return { file, spec };
}

function choose(candidates: readonly Candidate[], wish: Partial<Wish> = {}) {
  return choosePipelines(candidates, {
    named: false,
    jobs: [],
    event: undefined,
    triggerFor: (name) => ({
      name,
      ref: "refs/heads/main",
      ...(name === "pull_request" ? { action: "opened", baseBranch: "main" } : {}),
    }),
    ...wish,
  });
}

const shown = ({ chosen }: { chosen: readonly ChosenPipeline<Candidate>[] }) =>
  chosen.map(({ candidate, event, action }) => [
    candidate.file,
    event,
    ...(action === undefined ? [] : [action]),
  ]);

const ci = pipeline("ci.yml", [{ event: "push" }, { event: "pull_request" }], ["lint", "test"]);
const release = pipeline("release.yml", [{ event: "push", branches: ["release"] }], ["build", "publish"]);
const manual = pipeline("manual.yml", [
  { event: "workflow_dispatch" },
  { event: "schedule", schedules: [{ cron: "0 4 * * *" }] },
]);
const called = pipeline("called.yml", [{ event: "workflow_call" }], ["inner"]);
const platform = pipeline(".platform.yaml", [{ event: "mr" }]);
const labelled = pipeline("labelled.yml", [{ event: "pull_request", types: ["labeled", "closed"] }]);

describe("choosePipelines", () => {
  it("starts what a push of the branch starts, and says why not the others", () => {
    const choice = choose([ci, release, manual]);
    expect(shown(choice)).toEqual([["ci.yml", "push"]]);
    expect(choice.passed.map(({ candidate }) => candidate.file)).toEqual(["release.yml", "manual.yml"]);
    expect(choice.passed[0]?.reason).toContain("main");
  });

  it("runs a named pipeline whatever its filters say: for push, else for its first event", () => {
    const named = (one: Candidate) => shown(choose([one], { named: true }))[0];
    expect(named(release)).toEqual(["release.yml", "push"]);
    expect(named(manual)).toEqual(["manual.yml", "workflow_dispatch"]);
    expect(named(platform)).toEqual([".platform.yaml", "mr"]);
  });

  it("runs a pipeline that can only be called as its callers see it: never for workflow_call", () => {
    expect(shown(choose([called], { named: true }))).toEqual([["called.yml", "push"]]);
  });

  it("takes an activity that the pipeline waits for, where the usual one is not among them", () => {
    expect(shown(choose([labelled], { named: true }))).toEqual([["labelled.yml", "pull_request", "labeled"]]);
    expect(shown(choose([ci], { named: true, event: "pull_request" }))).toEqual([["ci.yml", "pull_request"]]);
  });

  it("takes the first schedule of the file", () => {
    const [first] = choose([manual], { named: true, event: "schedule" }).chosen;
    expect(first?.schedule).toBe("0 4 * * *");
  });

  it("takes a pull request and a merge request for the same", () => {
    expect(shown(choose([ci, platform], { event: "pull_request" }))).toEqual([
      ["ci.yml", "pull_request"],
      [".platform.yaml", "pull_request"],
    ]);
  });

  it("finds jobs by their ids, without regard to case, and takes all of the pipeline that has them", () => {
    expect(shown(choose([ci, release], { jobs: ["TEST"] }))).toEqual([["ci.yml", "push"]]);
    expect(shown(choose([ci, release], { jobs: ["lint", "test"] }))).toEqual([["ci.yml", "push"]]);
    expect(shown(choose([ci, manual], { jobs: ["build"], event: "workflow_dispatch" }))).toEqual([
      ["manual.yml", "workflow_dispatch"],
    ]);
  });

  it("takes the pipeline that the event starts, where several have the job", () => {
    const other = pipeline("other.yml", [{ event: "push" }], ["build"]);
    expect(shown(choose([release, other], { jobs: ["build"] }))).toEqual([["other.yml", "push"]]);
    expect(() => choose([release, manual], { jobs: ["build"] })).toThrow(
      /Several pipelines have the job "build"/,
    );
  });

  it("says which jobs there are, and when no pipeline has all that are wanted", () => {
    expect(() => choose([ci], { jobs: ["deploy-everything"] })).toThrow(
      'There is no job "deploy-everything".',
    );
    expect(() => choose([ci, release], { jobs: ["lint", "publish"] })).toThrow("No single pipeline has all");
  });

  it("notes when something named is run for an event that it does not have", () => {
    expect(choose([release], { named: true, event: "pull_request" }).notes).toEqual([
      expect.stringContaining("release.yml is not started by pull_request (but by push)"),
    ]);
    expect(choose([platform], { named: true, event: "pull_request" }).notes).toEqual([]);
  });
});
