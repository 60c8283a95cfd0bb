import { expect, test } from "vitest";
import { RecentPipelines } from "./recent-pipelines.ts";

const content = (name: string, padding = 0) =>
  `on: push\njobs: { ${name}: { runs-on: x, steps: [{ run: a }] } }\n${"#".repeat(padding)}\n`;

test("the same file is parsed once; another path or another text is another file", () => {
  const pipelines = new RecentPipelines();
  const first = pipelines.parse({ path: "a.yml", content: content("a") });
  expect(first.spec.jobs.map(({ id }) => id)).toEqual(["a"]);
  expect(pipelines.parse({ path: "a.yml", content: content("a") })).toBe(first);
  expect(pipelines.parse({ path: "b.yml", content: content("a") })).not.toBe(first);
  expect(pipelines.parse({ path: "a.yml", content: content("b") })).not.toBe(first);
});

test("what was not used for long is forgotten when there is much", () => {
  const large = 1_000;
  const pipelines = new RecentPipelines(2.5 * large);
  const first = pipelines.parse({ path: "a.yml", content: content("a", large) });
  const second = pipelines.parse({ path: "b.yml", content: content("b", large) });
  expect(pipelines.parse({ path: "a.yml", content: content("a", large) })).toBe(first);
  pipelines.parse({ path: "c.yml", content: content("c", large) });
  expect(pipelines.parse({ path: "a.yml", content: content("a", large) })).toBe(first);
  expect(pipelines.parse({ path: "b.yml", content: content("b", large) })).not.toBe(second);
});

test("a file with mistakes is refused each time, with all of them", () => {
  const pipelines = new RecentPipelines();
  const broken = { path: "a.yml", content: "on: push\njobs: { a: { steps: 3 }, b: 4 }\n" };
  for (const _time of [1, 2]) {
    expect(() => pipelines.parse(broken)).toThrow(/a\.yml:2[\s\S]*a\.yml:2/);
  }
});
