import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JobSpec, StepsJobSpec, WorkflowSpec } from "../spec/workflow-spec.ts";
import type { Conclusion } from "../status.ts";
import type { BuildDecision } from "./build-decision.ts";
import type { BuildFact } from "./build-fact.ts";
import { BuildMachine } from "./build-machine.ts";

const at = { line: 1, column: 1 };

/** A job, and how it ends if it runs. */
interface Script {
  readonly needs: readonly number[];
  readonly condition: string | undefined;
  readonly outcome: "success" | "failure" | "cancelled";
  readonly continueOnError: boolean;
}

const CONDITIONS: readonly (string | undefined)[] = [
  undefined,
  undefined,
  "always()",
  "failure()",
  "!failure() && !cancelled()",
  "success() || failure()",
  "success() && (false)",
  "cancelled()",
];

const scripts: fc.Arbitrary<readonly Script[]> = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc.tuple(
    ...Array.from({ length: count }, (_, index) =>
      fc.record<Script>({
        needs: index === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(index - 1), { maxLength: 3 }),
        condition: fc.constantFrom(...CONDITIONS),
        outcome: fc.constantFrom("success", "success", "failure", "cancelled"),
        continueOnError: fc.boolean(),
      }),
    ),
  ),
);

function stepsJob(id: string, job: Partial<StepsJobSpec>): StepsJobSpec {
  return { kind: "steps", id, at, needs: [], runsOn: "x", steps: [], ...job };
}

function specOfScripts(jobs: readonly Script[]): WorkflowSpec {
  return workflow(
    jobs.map(({ needs, condition, continueOnError }, index) =>
      stepsJob(`j${index}`, {
        needs: needs.map((need) => `j${need}`),
        continueOnError,
        ...(condition === undefined ? {} : { if: { source: condition, at } }),
      }),
    ),
  );
}

function workflow(jobs: readonly JobSpec[]): WorkflowSpec {
  return { file: "ci.yml", format: "workflow", on: [], jobs, artifacts: [] };
}

function machineOf(spec: WorkflowSpec): BuildMachine {
  return new BuildMachine({ spec, github: {}, vars: {}, inputs: {}, secrets: {} });
}

/** What the documentation of the status functions says, job by job, without any incremental state. */
function oracle(jobs: readonly Script[]): Conclusion[] {
  const results: Conclusion[] = [];
  const ancestors = (index: number): number[] => {
    const direct = jobs[index]?.needs ?? [];
    return [...new Set(direct.flatMap((need) => [need, ...ancestors(need)]))];
  };
  jobs.forEach(({ condition, outcome, continueOnError }, index) => {
    const before = ancestors(index).map((ancestor) => results[ancestor]);
    const success = before.every((result) => result === "success");
    const failure = before.includes("failure");
    const holds: { [source: string]: boolean } = {
      "always()": true,
      "failure()": failure,
      "!failure() && !cancelled()": !failure,
      "success() || failure()": success || failure,
      "success() && (false)": false,
      "cancelled()": false,
    };
    const runs = condition === undefined ? success : holds[condition];
    results.push(runs ? (outcome === "failure" && continueOnError ? "success" : outcome) : "skipped");
  });
  return results;
}

interface Simulation {
  readonly facts: BuildFact[];
  readonly decisions: BuildDecision[];
  readonly results: Map<string, Conclusion>;
  /** Most legs of one job that ran at once, by the job's id. */
  readonly peaks: Map<string, number>;
}

/** Runs a machine; `pick` says which of the running jobs ends next, `outcome` how. */
function simulate(
  machine: BuildMachine,
  outcome: (job: string) => Conclusion,
  pick: (running: number) => number,
  disturb: (fact: number) => BuildFact | undefined = () => undefined,
): Simulation {
  const simulation: Simulation = { facts: [], decisions: [], results: new Map(), peaks: new Map() };
  const { facts, decisions, results, peaks } = simulation;
  const running: { readonly key: string; readonly id: string; readonly cancelled: boolean }[] = [];
  const added = new Set<string>();
  const apply = (fact: BuildFact) => {
    facts.push(fact);
    for (const decision of machine.apply(fact)) {
      decisions.push(decision);
      if (decision.kind === "add-job") {
        expect(added).not.toContain(decision.added.job);
        added.add(decision.added.job);
      } else if (decision.kind === "start-job") {
        const { key, spec } = decision.job;
        for (const need of spec.needs) expect(results.has(need), `${key} started after ${need}`).toBe(true);
        running.push({ key, id: spec.id, cancelled: false });
        const count = running.filter(({ id }) => id === spec.id).length;
        peaks.set(spec.id, Math.max(peaks.get(spec.id) ?? 0, count));
      } else if (decision.kind === "cancel-job" || decision.kind === "kill-job") {
        const index = running.findIndex(({ key }) => key === decision.job);
        expect(index, `${decision.job} runs`).toBeGreaterThanOrEqual(0);
        const job = running[index];
        if (job !== undefined) running[index] = { ...job, cancelled: true };
      } else if (decision.kind === "finish-job") {
        expect(results.has(decision.job), `${decision.job} ends once`).toBe(false);
        expect(added).toContain(decision.job);
        results.set(decision.job, decision.result);
      }
    }
  };
  apply({ kind: "started" });
  while (running.length > 0) {
    const disturbance = disturb(facts.length);
    if (disturbance !== undefined) apply(disturbance);
    const [job] = running.splice(pick(running.length), 1);
    if (job === undefined) break;
    apply({
      kind: "job-ended",
      job: job.key,
      outcome: job.cancelled ? "cancelled" : outcome(job.key),
      outputs: {},
    });
  }
  expect([...results.keys()].sort()).toEqual([...added].sort());
  expect(decisions.filter(({ kind }) => kind === "finish-build")).toHaveLength(1);
  expect(decisions.at(-1)?.kind).toBe("finish-build");
  return simulation;
}

const picks = fc.infiniteStream(fc.nat());
const picker = (stream: Iterator<number>) => (count: number) => (stream.next().value ?? 0) % count;

describe("a build machine", () => {
  test("agrees with the plain reading of the status functions, whatever order jobs end in", () => {
    fc.assert(
      fc.property(scripts, picks, (jobs, order) => {
        const outcome = (key: string) => jobs[Number(key.slice(1))]?.outcome ?? "success";
        const { results } = simulate(machineOf(specOfScripts(jobs)), outcome, picker(order));
        expect(jobs.map((_, index) => results.get(`j${index}`))).toEqual(oracle(jobs));
      }),
      { numRuns: 500 },
    );
  });

  test("ends every job exactly once, also when it is cancelled or killed at any time", () => {
    fc.assert(
      fc.property(scripts, picks, fc.nat(12), fc.boolean(), (jobs, order, when, kill) => {
        const outcome = (key: string) => jobs[Number(key.slice(1))]?.outcome ?? "success";
        const stop: BuildFact = { kind: kill ? "killed" : "cancelled", reason: "stop" };
        let started = 0;
        const { decisions } = simulate(machineOf(specOfScripts(jobs)), outcome, picker(order), (fact) => {
          started = fact;
          return fact === when + 1 ? stop : undefined;
        });
        const ended = decisions.at(-1);
        if (started > when) expect(ended).toMatchObject({ result: "cancelled" });
      }),
      { numRuns: 300 },
    );
  });

  test("never runs more legs at once than max-parallel, and fail-fast leaves none behind", () => {
    const matrices = fc.record({
      legs: fc.array(fc.constantFrom<Conclusion>("success", "success", "failure"), {
        minLength: 1,
        maxLength: 12,
      }),
      maxParallel: fc.nat(4),
      failFast: fc.boolean(),
    });
    fc.assert(
      fc.property(matrices, picks, ({ legs, maxParallel, failFast }, order) => {
        const items = legs.map((_, index) => index);
        const matrix = {
          kind: "mapping",
          entries: [{ key: "n", value: { kind: "sequence", items } }],
        } as const;
        const spec = workflow([stepsJob("m", { strategy: { matrix, maxParallel, failFast } })]);
        const outcome = (key: string) => legs[Number(/\[(\d+)\]/.exec(key)?.[1])] ?? "success";
        const { results, peaks } = simulate(machineOf(spec), outcome, picker(order));
        if (maxParallel > 0) expect(peaks.get("m")).toBeLessThanOrEqual(maxParallel);
        else expect(peaks.get("m")).toBe(legs.length);
        const ends = legs.map((_, index) => results.get(`m[${index}]`));
        expect(results.get("m")).toBe(ends.includes("failure") ? "failure" : "success");
        const failures = ends.filter((end) => end === "failure").length;
        expect(failures).toBe(
          failFast ? Math.min(1, failures) : legs.filter((leg) => leg === "failure").length,
        );
        if (!failFast) expect(ends).toEqual(legs);
        else if (failures === 0) expect(ends).toEqual(legs);
        else expect(new Set(ends)).not.toContain("skipped");
      }),
      { numRuns: 300 },
    );
  });

  test("decides the same again from the same facts, and nothing from facts it has had", () => {
    fc.assert(
      fc.property(scripts, picks, (jobs, order) => {
        const outcome = (key: string) => jobs[Number(key.slice(1))]?.outcome ?? "success";
        const { facts, decisions } = simulate(machineOf(specOfScripts(jobs)), outcome, picker(order));
        const again = machineOf(specOfScripts(jobs));
        expect(facts.flatMap((fact) => again.apply(fact))).toEqual(decisions);
        const ended = facts.filter(({ kind }) => kind === "job-ended");
        expect(ended.flatMap((fact) => again.apply(fact))).toEqual([]);
      }),
    );
  });

  test("ignores facts about jobs it does not know", () => {
    const machine = machineOf(specOfScripts([]));
    const facts: readonly BuildFact[] = [
      { kind: "job-ended", job: "x", outcome: "success", outputs: {} },
      { kind: "workflow-failed", job: "x", message: "m" },
      {
        kind: "workflow-loaded",
        job: "x",
        workflow: { content: "", spec: workflow([]), origin: { file: "f" } },
      },
      { kind: "group-granted", holder: "x" },
      { kind: "group-cancelled", holder: "x/", reason: "r" },
      { kind: "cancelled", reason: "r" },
    ];
    expect(facts.flatMap((fact) => machine.apply(fact))).toEqual([]);
  });

  test("merges the outputs of legs: the last that is not empty wins, in the order they end", () => {
    const items = ["a", "b", "c"];
    const matrix = { kind: "mapping", entries: [{ key: "n", value: { kind: "sequence", items } }] } as const;
    const machine = machineOf(workflow([stepsJob("m", { strategy: { matrix } })]));
    machine.apply({ kind: "started" });
    const end = (leg: number, outputs: { [name: string]: string }) =>
      machine.apply({ kind: "job-ended", job: `m[${leg}]`, outcome: "success", outputs });
    end(2, { x: "from c", only: "c", none: "" });
    end(0, { x: "from a" });
    const decisions = end(1, { x: "" });
    expect(decisions).toContainEqual(
      expect.objectContaining({
        kind: "finish-job",
        job: "m",
        outputs: { x: "from a", only: "c", none: "" },
      }),
    );
  });

  test("takes a chain of 10,000 skipped jobs without recursing", () => {
    const jobs = Array.from(
      { length: 10_000 },
      (_, index): Script => ({
        needs: index === 0 ? [] : [index - 1],
        condition: undefined,
        outcome: "failure",
        continueOnError: false,
      }),
    );
    const machine = machineOf(specOfScripts(jobs));
    machine.apply({ kind: "started" });
    const decisions = machine.apply({ kind: "job-ended", job: "j0", outcome: "failure", outputs: {} });
    expect(decisions.at(-2)).toMatchObject({ kind: "finish-job", job: "j9999", result: "skipped" });
    expect(decisions.at(-1)).toMatchObject({ kind: "finish-build", result: "failure" });
  });
});
