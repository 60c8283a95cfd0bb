import { describe, expect, it } from "vitest";
import { parseWorkflow } from "./parse-workflow.ts";

function parse(condition: string) {
  const content = `on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: x\n        if: ${condition}`;
  const { spec, diagnostics } = parseWorkflow({ path: "ci.yml", content });
  const job = spec?.jobs[0];
  const step = job?.kind === "steps" ? job.steps[0] : undefined;
  return { condition: step && "if" in step ? step.if : undefined, diagnostics };
}

describe("an if", () => {
  it.each([
    ["github.ref == 'x'", "success() && (github.ref == 'x')"],
    ["${{ github.ref == 'x' }}", "success() && (github.ref == 'x')"],
    ["  ${{github.ref}}  ", "success() && (github.ref)"],
    ["always()", "always()"],
    ["${{ Always() && github.ref }}", "Always() && github.ref"],
    ["github.ref || failure()", "github.ref || failure()"],
    ["(cancelled())", "(cancelled())"],
    ["contains('always()', 'x')", "success() && (contains('always()', 'x'))"],
    ["env.always", "success() && (env.always)"],
    ["true", "success() && (true)"],
    ["1", "success() && (1)"],
    ["'!cancelled()'", "!cancelled()"],
    ["${{ !cancelled() }}", "!cancelled()"],
    [">-\n          github.ref &&\n          github.sha", "success() && (github.ref && github.sha)"],
  ])("of %s means the same as on GitHub", (written, source) => {
    const { condition, diagnostics } = parse(written);
    expect(diagnostics).toEqual([]);
    expect(condition?.source).toBe(source);
  });

  it.each(["''", "'  '", ""])("of %j is none at all", (written) => {
    const { condition, diagnostics } = parse(written);
    expect(diagnostics).toEqual([]);
    expect(condition).toBeUndefined();
  });

  it("knows where it stands", () => {
    expect(parse("${{ github.ref }}").condition?.at).toEqual({ line: 7, column: 17 });
    expect(parse("github.ref").condition?.at).toEqual({ line: 7, column: 13 });
  });

  it("with text around its expression is always true, as on GitHub, and warned of", () => {
    const { condition, diagnostics } = parse("${{ github.ref }} == 'x'");
    expect(condition?.source).toBe("success() && (format('{0} == ''x''', github.ref))");
    expect(diagnostics).toMatchObject([{ severity: "warning", code: "always-true", line: 7, column: 13 }]);
  });

  it.each([
    ["!cancelled()", "yaml-tag"],
    ["github.ref ==", "expression"],
    ["nothing.x", "expression"],
    ["failure('a')", "expression"],
  ])("of %s is refused", (written, code) => {
    expect(parse(written).diagnostics).toMatchObject([{ severity: "error", code, line: 7 }]);
  });
});
