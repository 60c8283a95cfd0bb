import { expect, test } from "vitest";
import { parsePipeline } from "./parse-pipeline.ts";
import type { PipelineFile } from "./pipeline-file.ts";
import { RecentPipelines } from "./recent-pipelines.ts";

function parse(file: PipelineFile) {
  const { spec } = parsePipeline(file);
  if (spec === undefined) throw new Error(`${file.path} has mistakes`);
  return spec;
}

const content = (name: string, padding = 0) =>
  `on: push\njobs: { ${name}: { runs-on: x, steps: [{ run: a }] } }\n${"#".repeat(padding)}\n`;

test("the same file is parsed once; another path or another text is another file", () => {
  const pipelines = new RecentPipelines(parse);
  const first = pipelines.of({ path: "a.yml", content: content("a") });
  expect(first.jobs.map(({ id }) => id)).toEqual(["a"]);
  expect(pipelines.of({ path: "a.yml", content: content("a") })).toBe(first);
  expect(pipelines.of({ path: "b.yml", content: content("a") })).not.toBe(first);
  expect(pipelines.of({ path: "a.yml", content: content("b") })).not.toBe(first);
});

test("what was not used for long is forgotten when there is much", () => {
  const large = 1_000;
  const pipelines = new RecentPipelines(parse, 2.5 * large);
  const first = pipelines.of({ path: "a.yml", content: content("a", large) });
  const second = pipelines.of({ path: "b.yml", content: content("b", large) });
  expect(pipelines.of({ path: "a.yml", content: content("a", large) })).toBe(first);
  pipelines.of({ path: "c.yml", content: content("c", large) });
  expect(pipelines.of({ path: "a.yml", content: content("a", large) })).toBe(first);
  expect(pipelines.of({ path: "b.yml", content: content("b", large) })).not.toBe(second);
});

test("a file with mistakes is refused each time", () => {
  const pipelines = new RecentPipelines(parse);
  const broken = { path: "a.yml", content: "on: push\njobs: { a: { steps: 3 }, b: 4 }\n" };
  for (const _time of [1, 2]) {
    expect(() => pipelines.of(broken)).toThrow("a.yml has mistakes");
  }
});
