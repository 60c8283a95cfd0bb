import { describe, expect, it } from "vitest";
import { type Conclusion, statusOfConclusion } from "../../status.ts";
import type { CarriedJob } from "../../store/build-record.ts";
import type { JobRecord } from "../../store/job-record.ts";
import type { BuildDecision } from "../build-decision.ts";
import type { BuildFact } from "../build-fact.ts";
import { BuildMachine } from "../build-machine.ts";
import { specOf } from "../testing/spec-of.ts";
import type { RerunRequest } from "./executor-service.ts";
import { planRerun } from "./plan-rerun.ts";

const RELEASE = `
  on: { workflow_call: { outputs: { where: { value: "\${{ jobs.ship.outputs.where }}" } } } }
  jobs:
    pack: { run: "" }
    ship: { needs: pack, outputs: { where: "x" }, run: "" }
    tell: { needs: ship, run: "" }
    lint: { run: "" }`;

interface Attempt {
  readonly records: readonly JobRecord[];
  /** Keys of jobs that really ran. */
  readonly ran: readonly string[];
  readonly result: string;
}

/** Runs a workflow on the real machine; jobs end as `outcomes` says, those carried as they did. */
function attempt(
  yaml: string,
  outcomes: { readonly [key: string]: Exclude<Conclusion, "skipped"> } = {},
  carried: readonly CarriedJob[] = [],
): Attempt {
  const machine = new BuildMachine({ spec: specOf(yaml), github: {}, vars: {}, inputs: {}, secrets: {} });
  const records = new Map<string, JobRecord>();
  const ran: string[] = [];
  let result = "";
  const facts: BuildFact[] = [{ kind: "started" }];
  const take = (decision: BuildDecision) => {
    switch (decision.kind) {
      case "add-job": {
        const { job, ...added } = decision.added;
        const id = `id-${job}`;
        const position = records.size + 1;
        records.set(job, { ...blank, ...added, id, key: job, position });
        return;
      }
      case "start-job": {
        const { key } = decision.job;
        const stands = carried.find((each) => each.key === key);
        if (stands === undefined) ran.push(key);
        const outcome = stands?.outcome ?? outcomes[key] ?? "success";
        facts.push({ kind: "job-ended", job: key, outcome, outputs: stands?.outputs ?? { of: key } });
        return;
      }
      case "cancel-job": {
        const index = facts.findIndex((fact) => fact.kind === "job-ended" && fact.job === decision.job);
        facts[index] = { kind: "job-ended", job: decision.job, outcome: "cancelled", outputs: {} };
        return;
      }
      case "load-workflow": {
        const origin = { file: decision.uses };
        const workflow = { spec: specOf(RELEASE, decision.uses), content: RELEASE, origin };
        facts.push({ kind: "workflow-loaded", job: decision.job, workflow });
        return;
      }
      case "finish-job": {
        const { kind: _, job, ...end } = decision;
        const record = records.get(job);
        if (record !== undefined)
          records.set(job, { ...record, ...end, status: statusOfConclusion(end.result) });
        return;
      }
      case "finish-build":
        result = decision.result;
    }
  };
  for (let fact = facts.shift(); fact !== undefined; fact = facts.shift()) machine.apply(fact).forEach(take);
  return { records: [...records.values()], ran, result };
}

const blank = {
  buildId: "b",
  attempt: 1,
  latest: true,
  status: "pending",
  outputs: {},
  infrastructureFailure: false,
  frameSeq: 0,
  createdAt: 1,
} as const;

function rerun(yaml: string, first: Attempt, what: RerunRequest["what"]): Attempt {
  return attempt(yaml, {}, planRerun(first.records, what));
}

const DIAMOND = `
  jobs:
    build: { run: "" }
    left: { needs: build, run: "" }
    right: { needs: build, run: "" }
    join: { needs: [left, right], run: "" }
    alone: { run: "" }`;
const MATRIX = `
  jobs:
    setup: { run: "" }
    test:
      needs: setup
      strategy: { fail-fast: false, matrix: { n: [1, 2, 3] } }
      run: ""
    report: { needs: test, if: always(), run: "" }`;
const CALLS = `
  jobs:
    build: { run: "" }
    release: { needs: build, uses: ./release.yml }
    after: { needs: release, run: "" }`;
const CALL_MATRIX = `
  jobs:
    release: { strategy: { fail-fast: false, matrix: { to: [a, b] } }, uses: ./release.yml }
    after: { needs: release, run: "" }`;
const TOLERANT = `
  jobs:
    flaky: { continue-on-error: true, run: "" }
    next: { needs: flaky, run: "" }
    other: { run: "" }`;
const CONDITIONS = `
  jobs:
    test: { run: "" }
    deploy: { needs: test, run: "" }
    rescue: { needs: test, if: failure(), run: "" }
    clean: { needs: [test, deploy], if: always(), run: "" }
    never: { if: "false", run: "" }
    lint: { run: "" }`;

describe("planRerun", () => {
  it.each<
    [
      string,
      string,
      { readonly [key: string]: "failure" | "cancelled" },
      RerunRequest["what"],
      readonly string[],
    ]
  >([
    [
      "all: everything",
      DIAMOND,
      { left: "failure" },
      { kind: "all" },
      ["build", "alone", "left", "right", "join"],
    ],
    [
      "failed: one arm of a diamond and its end",
      DIAMOND,
      { left: "failure" },
      { kind: "failed" },
      ["left", "join"],
    ],
    [
      "failed: what was cancelled too",
      DIAMOND,
      { right: "cancelled" },
      { kind: "failed" },
      ["right", "join"],
    ],
    [
      "failed: the first job, and all that needs it",
      DIAMOND,
      { build: "failure" },
      { kind: "failed" },
      ["build", "left", "right", "join"],
    ],
    ["job: one and what needs it", DIAMOND, {}, { kind: "job", key: "right" }, ["right", "join"]],
    [
      "job: one though another failed",
      DIAMOND,
      { left: "failure" },
      { kind: "job", key: "alone" },
      ["alone"],
    ],
    [
      "failed: one leg, not its sisters, and what needs the matrix",
      MATRIX,
      { "test[1]": "failure" },
      { kind: "failed" },
      ["test[1]", "report"],
    ],
    [
      "job: a whole matrix",
      MATRIX,
      {},
      { kind: "job", key: "test" },
      ["test[0]", "test[1]", "test[2]", "report"],
    ],
    ["job: one leg", MATRIX, {}, { kind: "job", key: "test[2]" }, ["test[2]", "report"]],
    [
      "job: what a matrix needs runs all its legs again",
      MATRIX,
      {},
      { kind: "job", key: "setup" },
      ["setup", "test[0]", "test[1]", "test[2]", "report"],
    ],
    [
      "failed: one job of a called workflow, what needs it there, and what needs the call",
      CALLS,
      { "release/ship": "failure" },
      { kind: "failed" },
      ["release/ship", "release/tell", "after"],
    ],
    [
      "job: a called workflow as a whole",
      CALLS,
      {},
      { kind: "job", key: "release" },
      ["release/pack", "release/lint", "release/ship", "release/tell", "after"],
    ],
    [
      "failed: in one leg of a called matrix",
      CALL_MATRIX,
      { "release[1]/ship": "failure" },
      { kind: "failed" },
      ["release[1]/ship", "release[1]/tell", "after"],
    ],
    [
      "failed: not what is allowed to fail",
      TOLERANT,
      { flaky: "failure", other: "failure" },
      { kind: "failed" },
      ["other"],
    ],
    [
      "failed: what is allowed to fail, where nothing else did",
      TOLERANT,
      { flaky: "failure" },
      { kind: "failed" },
      ["flaky", "next"],
    ],
    [
      "failed: what was skipped for it, and what runs always; not what ran for the failure",
      CONDITIONS,
      { test: "failure" },
      { kind: "failed" },
      ["test", "deploy", "clean"],
    ],
  ])("runs again, %s", (_, yaml, outcomes, what, expected) => {
    const second = rerun(yaml, attempt(yaml, outcomes), what);
    expect(second.ran).toEqual(expected);
  });

  it.each([
    [
      "succeeds once what failed succeeds",
      { left: "failure" } as const,
      { kind: "failed" } as const,
      "success",
    ],
    [
      "fails with a failure that stands",
      { left: "failure" } as const,
      { kind: "job", key: "alone" } as const,
      "failure",
    ],
  ])("%s", (_, outcomes, what, expected) => {
    const first = attempt(DIAMOND, outcomes);
    expect(first.result).toBe("failure");
    expect(rerun(DIAMOND, first, what).result).toBe(expected);
  });

  it("keeps what a job that may fail came to, for those that need it", () => {
    const first = attempt(TOLERANT, { flaky: "failure", other: "failure" });
    const carried = planRerun(first.records, { kind: "failed" });
    expect(carried.find(({ key }) => key === "flaky")?.outcome).toBe("failure");
    expect(attempt(TOLERANT, {}, carried).result).toBe("success");
  });

  it("names the record that really ran, also after several attempts, and its outputs", () => {
    const first = attempt(DIAMOND, { left: "failure" });
    const records = first.records.map((record) =>
      record.key === "build" ? { ...record, carriedFrom: "of-an-earlier-attempt" } : record,
    );
    const carried = planRerun(records, { kind: "failed" });
    expect(carried.map(({ key, jobId }) => [key, jobId])).toEqual([
      ["build", "of-an-earlier-attempt"],
      ["right", "id-right"],
      ["alone", "id-alone"],
    ]);
    expect(carried[1]?.outputs).toEqual({ of: "right" });
  });

  it("looks only at the last of the attempts at a job whose place was lost", () => {
    const [build, ...others] = attempt(DIAMOND, { left: "failure" }).records;
    if (build === undefined) throw new Error("no job");
    const lost = { ...build, id: "lost", latest: false, status: "failed", result: "failure" } as const;
    const carried = planRerun([lost, build, ...others], { kind: "failed" });
    expect(carried.map(({ key }) => key)).toContain("build");
  });

  it("runs all of a build again that ended before it had a job", () => {
    expect(planRerun([], { kind: "failed" })).toEqual([]);
  });

  it("runs again what ended with its build, without a result of its own", () => {
    const records = attempt(DIAMOND).records.map((record) => {
      const {
        result: _,
        outcome: __,
        ...rest
      } = record as JobRecord & { result?: unknown; outcome?: unknown };
      return record.key === "join" ? ({ ...rest, status: "cancelled" } as JobRecord) : record;
    });
    expect(attempt(DIAMOND, {}, planRerun(records, { kind: "failed" })).ran).toEqual(["join"]);
  });

  it("rejects with `Conflict` where nothing failed", () => {
    expect(() => planRerun(attempt(DIAMOND).records, { kind: "failed" })).toThrow(
      "No job of this build has failed",
    );
  });

  it("says which jobs there are, or which was meant, for one that is not there", () => {
    const { records } = attempt(DIAMOND);
    expect(() => planRerun(records, { kind: "job", key: "rihgt" })).toThrow("Did you mean 'right'?");
    expect(() => planRerun(records, { kind: "job", key: "zzzzzzzz" })).toThrow("Jobs: build, left");
  });
});
