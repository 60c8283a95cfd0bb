import { expect, test } from "vitest";
import { foresee } from "./foresee.ts";

const at = { line: 1, column: 1 };
const settled = { github: { event_name: "push" }, matrix: { os: "linux" } };

const cases: readonly (readonly [string | undefined, string])[] = [
  [undefined, "unless-failed"],
  ["success()", "unless-failed"],
  ["always()", "unless-failed"],
  ["success() && (false)", "never"],
  ["false", "never"],
  ["success() && (github.event_name == 'schedule')", "never"],
  ["success() && (github.event_name == 'push')", "unless-failed"],
  ["success() && (matrix.os == 'windows' && steps.a.outputs.b)", "never"],
  ["failure()", "unknown"],
  ["cancelled()", "unknown"],
  ["success() && (steps.a.outputs.b == 'x')", "unknown"],
  ["success() && (env.MODE == 'x')", "unknown"],
  ["success() && (toJSON(steps) != '{}')", "unknown"],
  ["success() && contains(steps.*.outcome, 'failure')", "unknown"],
  ["success() && (hashFiles('**/x') != '')", "unknown"],
  ["success() && (inputs.debug)", "unknown"],
  ["job.status == 'success'", "unknown"],
  ["success() && (nonsense.x)", "unknown"],
  ["success() && (", "unknown"],
];

test.each(cases)("of `%s` it is known before the first step: %s", (source, expected) => {
  expect(foresee(source === undefined ? undefined : { source, at }, settled)).toBe(expected);
});
