import { describe, expect, it } from "vitest";
import { dedent, workflowMistakes } from "../testing/list-mistakes.ts";
import { parseWorkflow } from "./parse-workflow.ts";

const JOBS = "\njobs: {a: {runs-on: x, steps: [run: x]}}";

function triggers(on: string) {
  const { spec, diagnostics } = parseWorkflow({ path: "ci.yml", content: dedent(on) + JOBS });
  return { on: spec?.on.map(({ at: _, ...trigger }) => trigger), diagnostics };
}

describe("on", () => {
  it.each([
    ["on: push", [{ event: "push" }]],
    ["on: [push, pull_request, push]", [{ event: "push" }, { event: "pull_request" }]],
    ["on: {push: , fork: }", [{ event: "push" }, { event: "fork" }]],
    ["on: repository_dispatch", [{ event: "repository_dispatch" }]],
    [
      "on: {push: {branches: main, tags: ['v*', '!v0'], paths-ignore: [docs/**]}}",
      [{ event: "push", branches: ["main"], tags: ["v*", "!v0"], pathsIgnore: ["docs/**"] }],
    ],
    [
      "on: {pull_request: {types: [opened], branches-ignore: [x], paths: a}}",
      [{ event: "pull_request", types: ["opened"], branchesIgnore: ["x"], paths: ["a"] }],
    ],
    [
      "on: {workflow_run: {workflows: CI, types: completed}}",
      [{ event: "workflow_run", types: ["completed"], workflows: ["CI"] }],
    ],
    [
      "on: {image_version: {names: [a], versions: ['1']}}",
      [{ event: "image_version", names: ["a"], versions: ["1"] }],
    ],
    [
      "on: {schedule: [{cron: '0 5 * * *', timezone: Europe/Berlin}, {cron: '*/5 * * * *'}]}",
      [
        {
          event: "schedule",
          schedules: [{ cron: "0 5 * * *", timezone: "Europe/Berlin" }, { cron: "*/5 * * * *" }],
        },
      ],
    ],
    [
      "on: {workflow_dispatch: {inputs: {a: , b: {type: choice, options: [x, y], default: x, description: B, required: true}}}}",
      [
        {
          event: "workflow_dispatch",
          inputs: [
            { name: "a", type: "string", required: false },
            {
              name: "b",
              type: "choice",
              description: "B",
              required: true,
              default: "x",
              options: ["x", "y"],
            },
          ],
        },
      ],
    ],
    [
      "on: {workflow_call: {inputs: {a: {type: number, default: 3}}, secrets: {t: {required: true}, u: }}}",
      [
        {
          event: "workflow_call",
          inputs: [{ name: "a", type: "number", required: false, default: 3 }],
          secrets: [
            { name: "t", required: true },
            { name: "u", required: false },
          ],
          outputs: [],
        },
      ],
    ],
  ])("of %s", (written, expected) => {
    expect(triggers(written)).toEqual({ on: expected, diagnostics: [] });
  });

  it.each([
    [
      "push: {branches: [a], branches-ignore: [b]}",
      "'branches' and 'branches-ignore' cannot both be given for 'push'",
    ],
    ["push: {tags: [a], tags-ignore: [b]}", "'tags' and 'tags-ignore' cannot both be given for 'push'"],
    ["pull_request: {paths: [a], paths-ignore: [b]}", "'paths' and 'paths-ignore' cannot both be given"],
    ["push: {branches: ['[']}", "The pattern '[' is malformed"],
    ["push: {branches: ['!']}", "The pattern '!' is malformed"],
    ["push: {types: [x]}", "Unexpected value 'types'"],
    ["schedule: [{cron: '0 5 * *'}]", "4 fields, not 5"],
    ["schedule: [{cron: '61 5 * * *'}]", "'61' is no minute"],
    ["schedule: [{cron: '@daily'}]", "'0 0 * * *'"],
    ["schedule: [{cron: '0 5 * * *', timezone: Mars/Base}]", "There is no time zone 'Mars/Base'"],
    ["schedule: [{timezone: UTC}]", "Required property is missing: cron"],
    ["workflow_dispatch: {inputs: {a: {type: choice}}}", "The input 'a' is a choice without 'options'"],
    ["workflow_dispatch: {inputs: {a: {options: [x]}}}", "The input 'a' has 'options', but is a string"],
    [
      "workflow_dispatch: {inputs: {a: {type: choice, options: [x], default: y}}}",
      "is not among its options",
    ],
    [
      "workflow_dispatch: {inputs: {a: {type: boolean, default: maybe}}}",
      "The default 'maybe' of the input 'a' is no boolean",
    ],
    [
      "workflow_dispatch: {inputs: {a: {type: number, default: many}}}",
      "The default 'many' of the input 'a' is no number",
    ],
    ["workflow_dispatch: {inputs: {a: {type: strng}}}", "Did you mean 'string'?"],
    ["workflow_call: {inputs: {a: {default: x}}}", "Required property is missing: type"],
    [
      "workflow_call: {inputs: {a: {type: boolean, default: x}}}",
      "The default 'x' of the input 'a' is no boolean",
    ],
    ["workflow_call: {outputs: {a: {description: x}}}", "Required property is missing: value"],
  ])("names the mistake in %s", (written, message) => {
    const found = workflowMistakes(`on:\n  ${written}${JOBS}`);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
    expect(found[0]).toMatch(/^2:/);
  });

  it.each([
    ["push: {branches: ['!a']}", "only-negative-patterns"],
    ["push: {branches: [refs/heads/main]}", "dead-pattern"],
    ["push: {branches: ['a b']}", "dead-pattern"],
    ["push: {paths: [./src/**]}", "dead-pattern"],
    ["schedule: [{cron: '* * * * *'}]", "frequent-cron"],
    ["create: {tags: ['v*']}", "ignored-filter"],
    ["delete: {branches: [main]}", "ignored-filter"],
  ])("warns of %s", (written, code) => {
    const { on, diagnostics } = triggers(`on:\n  ${written}`);
    expect(on).toHaveLength(1);
    expect(diagnostics).toMatchObject([{ severity: "warning", code }]);
  });

  it("applies no filter to the creation and deletion of refs", () => {
    const { on } = triggers("on: {create: {tags: ['v*']}, delete: {branches-ignore: [main]}}");
    expect(on).toEqual([{ event: "create" }, { event: "delete" }]);
  });
});
