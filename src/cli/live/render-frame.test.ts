import { describe, expect, it } from "vitest";
import { EventScript, STARTED_AT } from "../build-events.fixture.ts";
import { palette } from "../output/color.ts";
import { loadTextWidth, textWidth } from "../output/text-width.ts";
import { applyEvent, emptyRecord, type RunRecord } from "../record/run-record.ts";
import { type FrameOptions, renderFrame } from "./render-frame.ts";

function recordOf(...scripts: EventScript[]): RunRecord {
  const record = emptyRecord();
  for (const { events } of scripts) for (const event of events) applyEvent(record, event);
  return record;
}

function frame(record: RunRecord, more: Partial<FrameOptions> = {}): string[] {
  return renderFrame(record, {
    columns: 60,
    rows: 24,
    now: STARTED_AT + 4200,
    style: palette(false),
    quiet: false,
    cancelling: false,
    ...more,
  });
}

function usualBuild(): EventScript {
  return new EventScript()
    .start()
    .job("lint")
    .job("test", { kind: "group" })
    .job("deploy", { needs: ["test"] })
    .job("test[0]", { name: "test (22)", legOf: "test" })
    .job("test[1]", { name: "test (24)", legOf: "test" })
    .run("lint")
    .step("lint", 1, "Run eslint")
    .endStep("lint", 1, "success")
    .end("lint", "success")
    .run("test[0]")
    .step("test[0]", 1, "Set up job", { stage: "setup" })
    .endStep("test[0]", 1, "success")
    .step("test[0]", 2, "Run npm test")
    .log("test[0]", 2, "##[group]Run npm test\nshell: bash\n##[endgroup]\nadds numbers\n\tindented\n")
    .log("test[0]", 2, "\x1b[31mred\x1b[0m \x1b[2Aup\rover\n")
    .run("test[1]")
    .step("test[1]", 1, "Run npm test")
    .log("test[1]", 1, "one\ntwo\n##[error]Process completed with exit code 3.\n")
    .endStep("test[1]", 1, "failure", 3)
    .end("test[1]", "failure");
}

describe("renderFrame", () => {
  it.each([100, 60, 30, 12])("shows a build at %i columns", (columns) => {
    expect(`\n${frame(recordOf(usualBuild()), { columns }).join("\n")}\n`).toMatchSnapshot();
  });

  it.each([20, 10, 6])("keeps what matters most at %i rows", (rows) => {
    expect(`\n${frame(recordOf(usualBuild()), { rows }).join("\n")}\n`).toMatchSnapshot();
  });

  it("shows no output of steps where it is to be quiet", () => {
    const lines = frame(recordOf(usualBuild()), { quiet: true });
    expect(lines.join("\n")).not.toContain("adds numbers");
    expect(lines.join("\n")).toContain("Run npm test");
  });

  it("colours by state, and every line ends without a style", () => {
    const lines = frame(recordOf(usualBuild()), { style: palette(true) });
    expect(lines.join("\n")).toContain("\x1b[31m✗\x1b[39m");
    for (const line of lines) {
      const opened = [...line.matchAll(/\x1b\[(\d+)m/g)].map(([, code]) => Number(code));
      const ends = opened.filter((code) => code === 22 || code === 39).length;
      expect(opened.length - ends).toBe(ends);
    }
  });

  it("says what a job and a build wait for", () => {
    const script = new EventScript()
      .start()
      .say({ type: "build.waiting", reason: "group deploy is taken" })
      .job("a")
      .job("b", { needs: ["a"] })
      .say({ type: "job.waiting", job: "a", reason: "waiting for a free place" });
    const text = frame(recordOf(script), { columns: 90 }).join("\n");
    expect(text).toContain("group deploy is taken");
    expect(text).toContain("waiting for a free place");
    expect(text).toContain("after a");
  });

  it("warns that a second Ctrl-C ends everything, once the first was pressed", () => {
    expect(frame(recordOf(usualBuild()), { columns: 100, cancelling: true }).at(-1)).toContain(
      "Ctrl-C again",
    );
  });

  it.each([
    [300, 24],
    [300, 8],
    [5, 6],
  ])("fits %i running jobs into %i rows, and counts them", (jobs, rows) => {
    const script = new EventScript().start();
    for (let number = 0; number < jobs; number++) {
      const job = `job ${number}`;
      script.job(job).run(job).step(job, 1, "Run work").log(job, 1, "busy\n");
    }
    const lines = frame(recordOf(script), { rows });
    expect(lines.length).toBeLessThan(rows);
    expect(lines.at(-1)).toContain(`${jobs} running`);
    expect(lines[0]).toContain("CI");
  });

  it("shows running and failed jobs before finished and waiting ones", () => {
    const script = new EventScript().start();
    for (let number = 0; number < 100; number++) {
      script.job(`done ${number}`).run(`done ${number}`).end(`done ${number}`, "success");
      script.job(`later ${number}`);
    }
    script.job("busy").run("busy").job("broken").run("broken").end("broken", "failure");
    const text = frame(recordOf(script), { rows: 10 }).join("\n");
    expect(text).toContain("busy");
    expect(text).toContain("broken");
    expect(text).toContain("1 running · 100 waiting · 100 done · 1 failed");
  });

  it("keeps every line within the terminal, whatever names and output hold", async () => {
    await loadTextWidth();
    const names = [
      "日本語のジョブ名前がとても長い場合".repeat(4),
      "👩‍👩‍👧‍👦 family ".repeat(20),
      "\x1b]0;title\x07bell\n\ttab",
      "a\u0301".repeat(90),
    ];
    const script = new EventScript().start("🚀 ".repeat(60));
    for (const [index, name] of names.entries()) {
      script
        .job(`j${index}`, { name })
        .run(`j${index}`)
        .step(`j${index}`, 1, name)
        .log(`j${index}`, 1, `${name}\n`);
    }
    for (const columns of [120, 41, 20, 11]) {
      for (const line of frame(recordOf(script), { columns })) {
        expect(textWidth(line)).toBeLessThan(columns);
        expect(line).not.toMatch(/[\x00-\x1f]/);
      }
    }
  });

  it("shows several builds, each with its jobs", () => {
    const second = new EventScript("1002").start("Release").job("pack").run("pack");
    const text = frame(recordOf(usualBuild(), second)).join("\n");
    expect(text.indexOf("CI")).toBeLessThan(text.indexOf("Release"));
    expect(text).toContain("pack");
  });
});
