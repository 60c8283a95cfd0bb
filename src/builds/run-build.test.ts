import { describe, expect, test } from "vitest";
import { fakeBuild } from "./testing/fake-build.ts";

const CASES: readonly {
  readonly title: string;
  readonly yaml: string;
  readonly result?: string;
  readonly jobs: { readonly [name: string]: string };
}[] = [
  {
    title: "jobs that need nothing and jobs that need them succeed",
    yaml: `
      jobs:
        a: { run: exit 0 }
        b: { needs: a, run: exit 0 }`,
    jobs: { a: "success", b: "success" },
  },
  {
    title: "a failure skips everything after it",
    yaml: `
      jobs:
        a: { run: exit 1 }
        b: { needs: a, run: exit 0 }
        c: { needs: b, run: exit 0 }
        free: { run: exit 0 }`,
    result: "failure",
    jobs: { a: "failure", b: "skipped", c: "skipped", free: "success" },
  },
  {
    title: "a job skipped by its own if skips what needs it, and the build succeeds",
    yaml: `
      jobs:
        a: { if: "false", run: exit 0 }
        b: { needs: a, run: exit 0 }`,
    jobs: { a: "skipped", b: "skipped" },
  },
  {
    title: "always() runs after a skip, but success() looks further back than that",
    yaml: `
      jobs:
        a: { if: "false", run: exit 0 }
        b: { needs: a, if: always(), run: exit 0 }
        c: { needs: b, run: exit 0 }
        d: { needs: b, if: "!failure() && !cancelled()", run: exit 0 }`,
    jobs: { a: "skipped", b: "success", c: "skipped", d: "success" },
  },
  {
    title: "failure() is true when any ancestor failed, not only a direct need",
    yaml: `
      jobs:
        a: { run: exit 1 }
        b: { needs: a, if: always(), run: exit 0 }
        c: { needs: b, if: failure(), run: exit 0 }
        d: { if: failure(), run: exit 0 }`,
    result: "failure",
    jobs: { a: "failure", b: "success", c: "success", d: "skipped" },
  },
  {
    title: "success() || failure() runs after either, and next is still skipped",
    yaml: `
      jobs:
        fail: { run: exit 1 }
        either: { needs: fail, if: success() || failure(), run: exit 0 }
        next: { needs: either, run: exit 1 }`,
    result: "failure",
    jobs: { fail: "failure", either: "success", next: "skipped" },
  },
  {
    title: "job ids narrow success() and failure()",
    yaml: `
      jobs:
        a: { run: exit 1 }
        b: { run: exit 0 }
        c: { needs: [a, b], if: success('b'), run: exit 0 }
        d: { needs: [a, b], if: success('a') || failure('b'), run: exit 0 }`,
    result: "failure",
    jobs: { a: "failure", b: "success", c: "success", d: "skipped" },
  },
  {
    title: "if sees results and outputs of needs, case does not matter",
    yaml: `
      jobs:
        a:
          steps: [{ id: s, run: "answer=42" }]
          outputs: { answer: "\${{ steps.s.outputs.answer }}" }
        b: { needs: a, if: needs.a.outputs.answer == 42 && needs.A.result == 'success', run: exit 0 }
        c: { needs: a, if: needs.a.outputs.answer == 43, run: exit 0 }`,
    jobs: { a: "success", b: "success", c: "skipped" },
  },
  {
    title: "continue-on-error shows success to those that need the job",
    yaml: `
      jobs:
        a: { continue-on-error: true, run: exit 1 }
        b: { needs: a, if: success() && needs.a.result == 'success', run: exit 0 }`,
    jobs: { a: "success", b: "success" },
  },
  {
    title: "a mistake in an if fails the job, with its place",
    yaml: `
      jobs:
        a: { if: "fromJSON('{')", run: exit 0 }
        b: { needs: a, run: exit 0 }`,
    result: "failure",
    jobs: { a: "failure", b: "skipped" },
  },
  {
    title: "a matrix is a group of legs, named by their values",
    yaml: `
      jobs:
        a: { strategy: { matrix: { os: [linux, mac], v: [1, 2] } }, run: exit 0 }
        b: { needs: a, run: exit 0 }`,
    jobs: {
      a: "success",
      "a (linux, 1)": "success",
      "a (linux, 2)": "success",
      "a (mac, 1)": "success",
      "a (mac, 2)": "success",
      b: "success",
    },
  },
  {
    title: "a name with expressions is what they give; a plain one gets the values behind it",
    yaml: `
      jobs:
        a: { name: "leg \${{ matrix.v }} of \${{ strategy.job-total }}", strategy: { matrix: { v: [x, y] } }, run: exit 0 }
        b: { name: Plain, strategy: { matrix: { v: [x] } }, run: exit 0 }
        c: { name: "on \${{ github.event_name }}", run: exit 0 }`,
    jobs: {
      a: "success",
      "leg x of 2": "success",
      "leg y of 2": "success",
      Plain: "success",
      "Plain (x)": "success",
      "on push": "success",
    },
  },
  {
    title: "a matrix can come from outputs: whole, as a vector, spliced",
    yaml: `
      jobs:
        plan:
          steps: [{ id: s, run: 'list=["a","b"]' }]
          outputs: { list: "\${{ steps.s.outputs.list }}" }
        whole: { needs: plan, strategy: { matrix: "\${{ fromJSON(format(vars.v, needs.plan.outputs.list)) }}" }, run: exit 0 }
        spliced: { needs: plan, strategy: { matrix: { v: ["\${{ fromJSON(needs.plan.outputs.list) }}", c] } }, run: exit 0 }`,
    jobs: {
      plan: "success",
      whole: "success",
      "whole (a)": "success",
      "whole (b)": "success",
      spliced: "success",
      "spliced (a)": "success",
      "spliced (b)": "success",
      "spliced (c)": "success",
    },
  },
  {
    title: "a vector without values is an error of the job",
    yaml: `
      jobs:
        a: { strategy: { matrix: { v: "\${{ fromJSON('[]') }}" } }, run: exit 0 }
        b: { needs: a, if: failure(), run: exit 0 }`,
    result: "failure",
    jobs: { a: "failure", b: "success" },
  },
  {
    title: "without fail-fast every leg runs to its end; the group has failed",
    yaml: `
      jobs:
        a: { strategy: { fail-fast: false, max-parallel: 1, matrix: { n: [1, 0] } }, run: "exit \${{ matrix.n }}" }`,
    result: "failure",
    jobs: { a: "failure", "a (1)": "failure", "a (0)": "success" },
  },
  {
    title: "fail-fast cancels legs that wait",
    yaml: `
      jobs:
        a: { strategy: { max-parallel: 1, matrix: { n: [0, 1, 2] } }, run: "exit \${{ matrix.n }}" }`,
    result: "failure",
    jobs: { a: "failure", "a (0)": "success", "a (1)": "failure", "a (2)": "cancelled" },
  },
  {
    title: "a leg that may fail neither fails its group nor triggers fail-fast",
    yaml: `
      jobs:
        a:
          continue-on-error: "\${{ matrix.n == 1 }}"
          strategy: { max-parallel: 1, matrix: { n: [1, 0] } }
          run: "exit \${{ matrix.n }}"`,
    jobs: { a: "success", "a (1)": "success", "a (0)": "success" },
  },
  {
    title: "continue-on-error that is no boolean fails the job, as on GitHub",
    yaml: `
      jobs:
        a: { continue-on-error: "\${{ matrix.none }}", strategy: { matrix: { n: [1] } }, run: exit 0 }`,
    result: "failure",
    jobs: { a: "failure", "a (1)": "failure" },
  },
];

describe("jobs of a workflow", () => {
  test.each(CASES)("$title", async ({ yaml, result = "success", jobs }) => {
    const build = await fakeBuild(yaml, { vars: { v: '{{"v":{0}}}' } });
    expect(build.jobs).toEqual(jobs);
    expect(build.result).toBe(result);
  });
});
