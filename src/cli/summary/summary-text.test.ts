import { describe, expect, it } from "vitest";
import { EventScript } from "../build-events.fixture.ts";
import { palette } from "../output/color.ts";
import { applyEvent, emptyRecord } from "../record/run-record.ts";
import type { RunEnd } from "../view/run-end.ts";
import { type SummaryOptions, summaryText } from "./summary-text.ts";

const NOTHING: RunEnd = { artifacts: [], keptFolder: undefined };

function summary(script: EventScript, end: RunEnd = NOTHING, more: Partial<SummaryOptions> = {}): string {
  const record = emptyRecord();
  for (const event of script.events) applyEvent(record, event);
  return summaryText(record, end, { style: palette(false), columns: 80, tails: true, ...more });
}

function failingBuild(): EventScript {
  const script = new EventScript()
    .start()
    .job("lint")
    .job("test")
    .job("deploy", { needs: ["test"] });
  script.run("lint").step("lint", 1, "Run eslint").endStep("lint", 1, "success");
  script.say({ type: "summary", job: "lint", step: 1, markdown: "# Lint\n\n| a | b |\n" });
  script.say({
    type: "annotation",
    job: "lint",
    step: 1,
    level: "warning",
    message: "old syntax\nin two lines",
    title: "no-var",
    file: "src/a.js",
    line: 3,
    column: 5,
  });
  script.say({ type: "artifact", job: "lint", step: 1, value: "ghcr.io/me/app@sha256:12" });
  script.end("lint", "success").run("test").step("test", 1, "Run npm test");
  script.log("test", 1, "##[group]Run npm test\nenv:\n##[endgroup]\n");
  script.log("test", 1, Array.from({ length: 40 }, (_, index) => `line ${index}\n`).join(""));
  script.log(
    "test",
    1,
    "##[group]Details\nhidden\n##[endgroup]\n##[error]Process completed with exit code 3.\n",
  );
  script.say({
    type: "annotation",
    job: "test",
    step: 1,
    level: "error",
    message: "Process completed with exit code 3.",
  });
  script.endStep("test", 1, "failure", 3).end("test", "failure");
  return script.end("deploy", "skipped", "it needs 'test', which failed").finish("failure");
}

describe("summaryText", () => {
  it("names no line where an annotation names no file", () => {
    const script = new EventScript().start().job("a").run("a").step("a", 1, "Run x");
    script.say({ type: "annotation", job: "a", step: 1, level: "error", message: "boom", line: 12 });
    script.endStep("a", 1, "success").end("a", "success").finish("success");
    const text = summary(script);
    expect(text).toContain("✗ boom");
    expect(text).not.toContain("12");
  });

  it("shows jobs, the end of failures, annotations, summaries, artifacts and folders", () => {
    const artifacts = [
      {
        id: 1,
        name: "dist",
        sizeBytes: 12_345,
        path: "/state/dist.zip",
        digest: "",
        createdAt: 0,
        expiresAt: 0,
      },
      {
        id: 2,
        name: "日本",
        sizeBytes: 12,
        path: "/state/nihon.zip",
        digest: "",
        createdAt: 0,
        expiresAt: 0,
      },
    ];
    const text = summary(
      failingBuild(),
      { artifacts, keptFolder: "/tmp/slipway-1" },
      { logFolder: "/logs/1" },
    );
    expect(text).toMatchSnapshot();
  });

  it("leaves out the end of failures where it was seen before", () => {
    expect(summary(failingBuild(), NOTHING, { tails: false })).not.toContain("line 39");
  });

  it.each([
    ["success", "✓ Succeeded. 1 job: 1 done"],
    ["failure", "✗ Failed. 1 job: 1 done"],
    ["cancelled", "■ Cancelled. 1 job: 1 done"],
  ] as const)("ends with what it came to: %s", (result, expected) => {
    const script = new EventScript().start().job("a").run("a").end("a", "success").finish(result);
    expect(summary(script).trimEnd().split("\n").at(-1)).toBe(expected);
  });

  it("says why a build failed that no job failed in", () => {
    const script = new EventScript().start().say({
      type: "build.finished",
      result: "failure",
      error: "ci.yml:3: concurrency is not a string",
      durationMs: 1,
    });
    expect(summary(script)).toContain("ci.yml:3: concurrency is not a string");
  });

  it("never cuts the reason a job was skipped for", () => {
    const reason = "no machine here has the label macos-latest; -P macos-latest=local runs it on this one";
    const script = new EventScript().start().job("a").end("a", "skipped", reason);
    expect(summary(script, NOTHING, { columns: 50 })).toContain(`\n      ${reason}\n`);
    expect(summary(script, NOTHING, { columns: 120 })).toContain(`- a  ${reason}\n`);
  });

  it("says a job's error once, where its step says the same", () => {
    const script = new EventScript().start().job("a").run("a").step("a", 1, "Set up job", { stage: "setup" });
    const error = "https://example.org could not be reached";
    script.log("a", 1, `##[error]${error}\n`);
    script.say({
      type: "step.finished",
      job: "a",
      step: 1,
      outcome: "failure",
      conclusion: "failure",
      error,
      outputs: {},
      durationMs: 1,
    });
    script.say({
      type: "job.finished",
      job: "a",
      result: "failure",
      outcome: "failure",
      error,
      outputs: {},
      durationMs: 1,
    });
    expect(summary(script).split(error)).toHaveLength(2);
  });
});
