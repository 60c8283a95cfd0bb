import { describe, expect, test } from "vitest";
import { ExecError } from "../errors.ts";
import { checkCalls } from "./check-calls.ts";
import { specOf } from "./testing/spec-of.ts";

async function check(yaml: string, workflows: { readonly [uses: string]: string }) {
  const loads: string[] = [];
  const diagnostics = await checkCalls(
    specOf(yaml),
    async (uses) => {
      loads.push(uses);
      const text = workflows[uses];
      if (text === undefined) throw new ExecError("NotFound", `There is no ${uses}.`);
      return { spec: specOf(text, uses), origin: { file: uses } };
    },
    new AbortController().signal,
  );
  return { loads, messages: diagnostics.map(({ file, message }) => `${file}: ${message}`), diagnostics };
}

describe("checking the calls of a workflow", () => {
  test("finds nothing where all fit", async () => {
    const { messages, loads } = await check(
      "jobs: { a: { uses: ./a.yml, with: { x: 1 } }, b: { if: 'false', uses: ./a.yml, with: { x: 2 } }, c: {} }",
      {
        "./a.yml":
          "{ on: { workflow_call: { inputs: { x: { type: number, required: true } } } }, jobs: { n: { uses: ./n.yml } } }",
        "./n.yml": "{ on: workflow_call, jobs: { j: {} } }",
      },
    );
    expect(messages).toEqual([]);
    expect(loads).toEqual(["./a.yml", "./n.yml"]);
  });

  test("finds all mistakes at once, also in workflows that are called further down", async () => {
    const { messages, diagnostics } = await check(
      `
      permissions: { contents: read }
      jobs:
        one: { uses: ./a.yml }
        two: { uses: ./none.yml }
        three: { uses: ./push.yml }`,
      {
        "./a.yml": `
          on: { workflow_call: { inputs: { x: { type: string, required: true } }, secrets: { s: { required: true } } } }
          permissions: { contents: write }
          jobs: { n: { uses: ./n.yml, with: { nothing: 1 } }, self: { uses: ./a.yml } }`,
        "./n.yml": "{ on: workflow_call, jobs: {} }",
        "./push.yml": "{ on: push, jobs: {} }",
      },
    );
    expect(messages.sort()).toEqual([
      "./a.yml: Error calling workflow './a.yml'. A workflow cannot call itself: ci.yml → ./a.yml → ./a.yml.",
      "./a.yml: Error calling workflow './n.yml'. Invalid input, nothing is not defined in the called workflow.",
      "ci.yml: Error calling workflow './a.yml'. Input x is required, but not provided while calling.",
      "ci.yml: Error calling workflow './a.yml'. Secret s is required, but not provided while calling.",
      "ci.yml: Error calling workflow './a.yml'. The workflow is requesting 'contents: write', but is only allowed 'contents: read'.",
      "ci.yml: Error calling workflow './none.yml'. There is no ./none.yml.",
      "ci.yml: Error calling workflow './push.yml'. workflow_call is not among the events of ./push.yml",
    ]);
    expect(diagnostics[0]).toMatchObject({
      severity: "error",
      code: "reusable-workflow",
      line: 1,
      column: 1,
    });
  });

  test.each([
    [9, []],
    [10, [expect.stringContaining("At most 10 workflows can be connected")]],
  ])("allows as many levels as GitHub: %i below the top", async (count, problems) => {
    const workflows = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `./${index}.yml`,
        `{ on: workflow_call, jobs: { j: ${index + 1 === count ? "{}" : `{ uses: ./${index + 1}.yml }`} } }`,
      ]),
    );
    expect((await check("jobs: { j: { uses: ./0.yml } }", workflows)).messages).toEqual(problems);
  });

  test("does not take exponential time where many call many", async () => {
    const calls = (level: number) =>
      `{ a: { uses: ./${level}.yml }, b: { uses: ./${level}.yml }, c: { uses: ./${level}.yml } }`;
    const workflows = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [
        `./${index}.yml`,
        `{ on: workflow_call, jobs: ${index === 8 ? "{ a: {} }" : calls(index + 1)} }`,
      ]),
    );
    expect((await check(`jobs: ${calls(0)}`, workflows)).loads).toHaveLength(9);
  });
});
