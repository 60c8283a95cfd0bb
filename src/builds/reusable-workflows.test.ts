import { describe, expect, test } from "vitest";
import type { BuildEvent } from "./build-event.ts";
import { fakeBuild } from "./testing/fake-build.ts";
import { specOf } from "./testing/spec-of.ts";

const GREET = `
  on:
    workflow_call:
      inputs:
        name: { type: string, required: true }
        loud: { type: boolean, default: false }
        times: { type: number, default: 3 }
        ref: { type: string, default: "\${{ github.ref }}" }
      secrets:
        key: { required: true }
        other: {}
      outputs:
        greeting: { value: "\${{ jobs.greet.outputs.text }}!" }
  env: { INNER: yes }
  jobs:
    greet:
      outputs: { text: "\${{ steps.s.outputs.text }}" }
      steps: [{ id: s, run: "text=hello \${{ inputs.name }}" }]
    check: { needs: greet, if: "inputs.loud == true && inputs.times == 3", run: exit 0 }`;

describe("a called workflow", () => {
  test("has nested jobs, inputs with types, secrets that are handed over, and outputs", async () => {
    const build = await fakeBuild(
      `
      env: { OUTER: no }
      jobs:
        call: { uses: ./greet.yml, with: { name: ship, loud: true }, secrets: { key: "\${{ secrets.MINE }}" } }
        after: { needs: call, if: "needs.call.outputs.greeting == 'hello ship!'", run: exit 0 }`,
      {
        workflows: { "./greet.yml": GREET },
        secrets: { MINE: "m1ne", HIDDEN: "h1dden", GITHUB_TOKEN: "t0ken" },
      },
    );
    expect(build.jobs).toEqual({
      call: "success",
      "call / greet": "success",
      "call / check": "success",
      after: "success",
    });
    const [greet] = build.executor.requests;
    expect(greet?.jobKey).toBe("call/greet");
    expect(greet?.displayName).toBe("call / greet");
    expect(greet?.contexts.inputs).toEqual({ name: "ship", loud: true, times: 3, ref: "refs/heads/main" });
    expect(greet?.contexts.secrets).toEqual({ key: "m1ne", github_token: "t0ken" });
    expect(greet?.contexts.github).toMatchObject({
      event_name: "push",
      job: "greet",
      token: "t0ken",
      workflow: "ci.yml",
    });
    expect(greet?.env).toEqual([{ kind: "mapping", entries: [{ key: "INNER", value: "yes" }] }]);
    expect(build.events).toContainEqual(
      expect.objectContaining({
        type: "job.added",
        job: "call/greet",
        parent: "call",
        kind: "job",
        jobId: "greet",
      }),
    );
  });

  test("has no secret of what is mapped to it empty, as that of a secret its caller does not have", async () => {
    const build = await fakeBuild(
      `
      jobs:
        call:
          uses: ./greet.yml
          with: { name: ship }
          secrets: { key: "\${{ secrets.MINE }}", other: "\${{ secrets.MISSING }}" }`,
      { workflows: { "./greet.yml": GREET }, secrets: { MINE: "m1ne" } },
    );
    expect(build.executor.requests[0]?.contexts.secrets).toEqual({ key: "m1ne" });
  });

  test("takes a matrix, nests, and inherits secrets", async () => {
    const build = await fakeBuild(
      `
      jobs:
        outer:
          strategy: { matrix: { n: [1, 2] } }
          uses: ./middle.yml
          with: { n: "\${{ matrix.n }}" }
          secrets: inherit`,
      {
        secrets: { DEEP: "d33p" },
        workflows: {
          "./middle.yml": `
            on: { workflow_call: { inputs: { n: { type: number } } } }
            jobs: { middle: { uses: ./inner.yml, with: { n: "\${{ inputs.n }}" }, secrets: inherit } }`,
          "./inner.yml": `
            on: { workflow_call: { inputs: { n: { type: number } } } }
            jobs: { inner: { run: "n is \${{ inputs.n }} \${{ secrets.DEEP }}" } }`,
        },
      },
    );
    expect(build.jobs).toEqual({
      outer: "success",
      "outer (1)": "success",
      "outer (2)": "success",
      "outer (1) / middle": "success",
      "outer (1) / middle / inner": "success",
      "outer (2) / middle": "success",
      "outer (2) / middle / inner": "success",
    });
    expect(build.executor.requests.map(({ jobKey }) => jobKey)).toEqual([
      "outer[0]/middle/inner",
      "outer[1]/middle/inner",
    ]);
    expect(logsOf(build.events)).toEqual(["n is 1 d33p\n", "n is 2 d33p\n"]);
  });

  test.each([
    ["fails with one of its jobs", "{ a: { run: exit 1 }, b: { run: exit 0 } }", "failure", "skipped"],
    ["is skipped where all of its jobs are", '{ a: { if: "false", run: exit 0 } }', "skipped", "skipped"],
    ["succeeds where some of its jobs are skipped", '{ a: { if: "false" }, b: {} }', "success", "success"],
    ["succeeds without any job", "{}", "success", "success"],
  ])("%s", async (_title, jobs, called, after) => {
    const build = await fakeBuild("jobs: { call: { uses: ./c.yml }, after: { needs: call } }", {
      workflows: { "./c.yml": `{ on: workflow_call, jobs: ${jobs} }` },
    });
    expect(build.jobs).toMatchObject({ call: called, after });
  });

  test("is not even loaded where the if of its caller does not hold", async () => {
    const build = await fakeBuild(`jobs: { call: { if: "false", uses: ./missing.yml } }`);
    expect(build.jobs).toEqual({ call: "skipped" });
  });

  test.each([
    ["name: { type: string, required: true }", "", "Input name is required, but not provided while calling."],
    ["name: { type: string }", "nmae: x", "Invalid input, nmae is not defined"],
    ["n: { type: number }", "n: five", "Input n: Unexpected value 'five': expected a number"],
    [
      "n: { type: number }",
      "n: ${{ github.ref }}",
      "Input n: Unexpected value 'refs/heads/main': expected a number",
    ],
    ["b: { type: boolean }", "b: 'true'", "Input b: Unexpected value 'true': expected a boolean"],
  ])("with inputs %s is not called with '%s'", async (inputs, given, message) => {
    const build = await fakeBuild(
      `
      jobs:
        call:
          uses: ./c.yml
          with:
            ${given}`,
      { workflows: { "./c.yml": `{ on: { workflow_call: { inputs: { ${inputs} } } }, jobs: { a: {} } }` } },
    );
    expect(build.jobs).toEqual({ call: "failure" });
    const finished = build.events.find((event) => event.type === "job.finished");
    expect(finished).toMatchObject({ error: expect.stringContaining(message) });
    expect(finished).toMatchObject({ error: expect.stringMatching(/^ci\.yml:1:1: /) });
  });

  test.each([
    ["none of them", "", "Secret key is required, but not provided while calling."],
    ["an unknown one", "secrets: { kye: x, key: y }", "Invalid secret, kye is not defined"],
    ["inherited ones among which it is not", "secrets: inherit", "Secret key is required"],
  ])("whose secret is required is not called with %s", async (_what, secrets, message) => {
    const build = await fakeBuild(`{ jobs: { call: { uses: ./c.yml, ${secrets} } } }`, {
      workflows: {
        "./c.yml": "{ on: { workflow_call: { secrets: { key: { required: true } } } }, jobs: { a: {} } }",
      },
    });
    expect(build.jobs).toEqual({ call: "failure" });
    expect(errorsOf(build.events)[0]).toContain(message);
  });

  test.each([
    [
      "it is no workflow to be called",
      "{ on: push, jobs: { a: {} } }",
      "workflow_call is not among the events",
    ],
    ["it is not there", undefined, "There is no ./c.yml"],
    [
      "it asks for more than its caller may give",
      "{ on: workflow_call, permissions: { contents: write }, jobs: { a: {} } }",
      "The workflow is requesting 'contents: write', but is only allowed 'contents: read'.",
    ],
    [
      "one of its jobs asks for more than its caller may give",
      "{ on: workflow_call, jobs: { a: { permissions: { id-token: write } } } }",
      "The nested job 'a' is requesting 'id-token: write', but is only allowed 'id-token: none'.",
    ],
  ])("is not called where %s", async (_why, text, message) => {
    const build = await fakeBuild(
      "{ permissions: { contents: read }, jobs: { call: { uses: ./c.yml } } }",
      text === undefined ? {} : { workflows: { "./c.yml": text } },
    );
    expect(build.jobs).toEqual({ call: "failure" });
    expect(errorsOf(build.events)[0]).toContain(message);
    expect(errorsOf(build.events)[0]).toContain("Error calling workflow './c.yml'.");
  });

  test("cannot call one that stands above it", async () => {
    const build = await fakeBuild("jobs: { call: { uses: ./a.yml } }", {
      workflows: {
        "./a.yml": "{ on: workflow_call, jobs: { b: { uses: ./b.yml } } }",
        "./b.yml": "{ on: workflow_call, jobs: { a: { uses: ./a.yml } } }",
      },
    });
    expect(build.jobs).toMatchObject({ "call / b / a": "failure", call: "failure" });
    expect(errorsOf(build.events)[0]).toContain("ci.yml → ./a.yml → ./b.yml → ./a.yml");
  });

  test.each([
    [9, "success"],
    [10, "failure"],
  ])("below %i others ends in %s", async (count, result) => {
    const workflows = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `./${index}.yml`,
        `{ on: workflow_call, jobs: { j: ${index + 1 === count ? "{}" : `{ uses: ./${index + 1}.yml }`} } }`,
      ]),
    );
    const build = await fakeBuild("jobs: { j: { uses: ./0.yml } }", { workflows });
    expect(build.result).toBe(result);
  });

  test("is loaded once, however many call it", async () => {
    let loads = 0;
    const build = await fakeBuild(
      "jobs: { call: { strategy: { matrix: { n: [1, 2, 3] } }, uses: ./c.yml }, other: { uses: ./c.yml } }",
      {
        loadWorkflow: async () => {
          loads += 1;
          return {
            spec: specOf("{ on: workflow_call, jobs: { a: {} } }", "c.yml"),
            content: "",
            origin: { file: "c.yml" },
          };
        },
      },
    );
    expect(build.result).toBe("success");
    expect(loads).toBe(1);
  });

  test("fails its caller where its outputs cannot be evaluated", async () => {
    const build = await fakeBuild("jobs: { call: { uses: ./c.yml } }", {
      workflows: {
        "./c.yml": `{ on: { workflow_call: { outputs: { o: { value: "\${{ fromJSON('{') }}" } } } }, jobs: { a: {} } }`,
      },
    });
    expect(build.jobs).toEqual({ call: "failure", "call / a": "success" });
  });
});

function errorsOf(events: readonly BuildEvent[]): string[] {
  return events.flatMap((event) => (event.type === "job.finished" && event.error ? [event.error] : []));
}

function logsOf(events: readonly BuildEvent[]): string[] {
  return events.flatMap((event) => (event.type === "log" ? [Buffer.from(event.data).toString()] : []));
}
