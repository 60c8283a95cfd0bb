import { expect, it } from "vitest";
import { referencedPaths } from "./referenced-paths.ts";

it.each([
  ["steps.build.outputs.x", [["steps", "build", "outputs", "x"]]],
  ["steps['build'].outputs['a-b']", [["steps", "build", "outputs", "a-b"]]],
  ["(steps.build).outputs", [["steps", "build", "outputs"]]],
  ["steps.*.outcome", [["steps", "*", "outcome"]]],
  ["steps[*].outcome", [["steps", "*", "outcome"]]],
  ["matrix.list[0].x", [["matrix", "list", "0", "x"]]],
  ["steps[env.id].outputs", [["steps"], ["env", "id"]]],
  ["fromJSON(needs.a.outputs.list).x", [["needs", "a", "outputs", "list"]]],
  [
    "!github && (env.A || vars.B == needs.c.result)",
    [["github"], ["env", "A"], ["vars", "B"], ["needs", "c", "result"]],
  ],
  ["'github.sha'", []],
  ["always()", []],
  ["", []],
  ["steps.a.outputs.", []],
])("lists what is read by: %s", (source, paths) => {
  expect(referencedPaths(source)).toEqual(paths);
});
