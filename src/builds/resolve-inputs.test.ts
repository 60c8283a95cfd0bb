import { describe, expect, test } from "vitest";
import { resolveInputs } from "./resolve-inputs.ts";
import { specOf } from "./testing/spec-of.ts";

const SPEC = specOf(`
  on:
    workflow_dispatch:
      inputs:
        name: {}
        Loud: { type: boolean, default: "true" }
        count: { type: number, default: 2 }
        level: { type: choice, options: [low, high], default: low }
        where: { type: environment }
        quiet: { type: boolean }
    workflow_call:
      inputs:
        ref: { type: string, default: "\${{ github.ref }}" }
        needed: { type: string, required: true }
  jobs: {}`);

describe("inputs of a dispatch", () => {
  test("have their defaults and their types; in the event they are strings", () => {
    expect(resolveInputs(SPEC, {})).toEqual({
      inputs: { name: "", Loud: true, count: 2, level: "low", where: "", quiet: false },
      eventInputs: { name: "", Loud: "true", count: "2", level: "low", where: "", quiet: "false" },
      problems: [],
    });
  });

  test("are what was given, by names without regard to case", () => {
    const given = { NAME: "x y", loud: "False", count: "1.5", level: "high", where: "prod" };
    const { inputs, problems } = resolveInputs(SPEC, given);
    expect(inputs).toEqual({
      name: "x y",
      Loud: false,
      count: 1.5,
      level: "high",
      where: "prod",
      quiet: false,
    });
    expect(problems).toEqual([]);
  });

  test("are all complained of at once", () => {
    const spec = specOf(`
      on: { workflow_dispatch: { inputs: { needed: { required: true }, b: { type: boolean }, n: { type: number }, c: { type: choice, options: [low, high] }, level: {} } } }
      jobs: {}`);
    const { problems } = resolveInputs(spec, { b: "yes", n: "", c: "middle", leevl: "x" });
    expect(problems).toEqual([
      expect.stringMatching(/^The workflow has no input 'leevl'\. /),
      "Input 'needed': it is required, but was not given.",
      "Input 'b': 'yes' is neither true nor false.",
      "Input 'n': '' is not a number.",
      "Input 'c': 'middle' is not one of its options: low, high.",
    ]);
  });

  test("may be required and have a default", () => {
    const spec = specOf(
      "{ on: { workflow_dispatch: { inputs: { a: { required: true, default: d } } } }, jobs: {} }",
    );
    expect(resolveInputs(spec, {})).toMatchObject({ inputs: { a: "d" }, problems: [] });
  });

  test("are refused where the workflow takes none", () => {
    expect(resolveInputs(specOf("{ on: push, jobs: {} }"), { a: "1" }).problems).toEqual([
      "The workflow has no input 'a'. It has none.",
    ]);
  });
});

test("inputs of a workflow_call that is run itself may have defaults with expressions", () => {
  const contexts = { github: { ref: "refs/heads/x" } };
  const { inputs, problems } = resolveInputs(SPEC, { needed: "n" }, { event: "workflow_call", contexts });
  expect(inputs).toEqual({ ref: "refs/heads/x", needed: "n" });
  expect(problems).toEqual([]);
});
