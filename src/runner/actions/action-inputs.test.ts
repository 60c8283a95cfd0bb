import { describe, expect, it } from "vitest";
import type { ActionInputSpec, ActionSpec } from "../../spec/actions/action-spec.ts";
import { actionInputs } from "./action-inputs.ts";

const node = { using: "node20", main: "index.js" } as const;
const spec = (inputs: readonly ActionInputSpec[], runs: ActionSpec["runs"] = node): ActionSpec => ({
  inputs,
  outputs: [],
  runs,
});
const input = (name: string, more: Partial<ActionInputSpec> = {}): ActionInputSpec => ({
  name,
  required: false,
  ...more,
});
const evaluate = (value: unknown) => `<${String(value)}>`;

describe("actionInputs", () => {
  it("fills in defaults, evaluated, for what was not given", () => {
    const { inputs, warnings } = actionInputs(spec([input("a", { default: "x" }), input("b")]), {}, evaluate);
    expect(inputs).toEqual({ a: "<x>", b: "" });
    expect(warnings).toEqual([]);
  });

  it("lets an empty value stand: it was given", () => {
    expect(actionInputs(spec([input("a", { default: "x" })]), { a: "" }, evaluate).inputs).toEqual({ a: "" });
  });

  it("compares names without regard to case and keeps the step's own", () => {
    expect(actionInputs(spec([input("Token", { default: "x" })]), { TOKEN: "t" }, evaluate)).toEqual({
      inputs: { TOKEN: "t" },
      warnings: [],
    });
  });

  it("warns of unexpected inputs in GitHub's words and hands them on", () => {
    const { inputs, warnings } = actionInputs(spec([input("a"), input("b")]), { x: "1", y: "2" }, evaluate);
    expect(inputs).toMatchObject({ x: "1", y: "2" });
    expect(warnings).toEqual(["Unexpected input(s) 'x', 'y', valid inputs are ['a', 'b']"]);
  });

  it("lets entryPoint and args be given to a container", () => {
    const docker = spec([], { using: "docker", image: "Dockerfile" });
    expect(actionInputs(docker, { args: "x" }, evaluate).warnings).toEqual([]);
    expect(actionInputs(docker, { other: "x" }, evaluate).warnings).toEqual([
      "Unexpected input(s) 'other', valid inputs are ['entryPoint', 'args']",
    ]);
  });

  it("warns of a deprecated input only where it is used", () => {
    const old = spec([input("old", { deprecationMessage: "use new" })]);
    expect(actionInputs(old, { Old: "1" }, evaluate).warnings).toEqual([
      "Input 'Old' has been deprecated with message: use new",
    ]);
    expect(actionInputs(old, {}, evaluate).warnings).toEqual([]);
  });

  it("warns of a required input that is not given and has no default, and goes on", () => {
    const needs = spec([input("a", { required: true }), input("b", { required: true, default: "d" })]);
    expect(actionInputs(needs, {}, evaluate)).toEqual({
      inputs: { a: "", b: "<d>" },
      warnings: ["Input required and not supplied: a"],
    });
  });
});
