import { describe, expect, it } from "vitest";
import { EventScript } from "../build-events.fixture.ts";
import { memoryIo } from "../memory-io.fixture.ts";
import { palette } from "../output/color.ts";
import { PlainView, type PlainViewOptions } from "./plain-view.ts";

async function show(script: EventScript, more: Partial<PlainViewOptions> = {}): Promise<string> {
  const io = memoryIo({ cwd: "/" });
  const view = new PlainView({ io, style: palette(false), quiet: false, verbose: false, ...more });
  for (const event of script.events) await view.sink(event);
  await view.end({ artifacts: [], keptFolder: undefined });
  return io.stdout.text;
}

function twoJobs(): EventScript {
  return new EventScript()
    .start()
    .job("lint")
    .job("test", { needs: ["lint"] })
    .run("lint")
    .step("lint", 1, "Set up job", { stage: "setup" })
    .log("lint", 1, "Runner name: 'here'\n")
    .endStep("lint", 1, "success")
    .step("lint", 2, "Run eslint")
    .log(
      "lint",
      2,
      "##[group]Run eslint\n\x1b[36;1meslint\x1b[0m\n##[endgroup]\nchecking\n##[warning]old syntax\n",
    )
    .log("lint", 2, "##[debug]deep\nunfinished")
    .endStep("lint", 2, "failure", 2)
    .step("lint", 3, "Deploy")
    .endStep("lint", 3, "skipped")
    .end("lint", "failure")
    .end("test", "skipped", "it needs 'lint', which failed")
    .finish("failure");
}

describe("PlainView", () => {
  it("shows a build line by line", async () => {
    expect(await show(twoJobs())).toMatchSnapshot();
  });

  it("shows everything when verbose, no output when quiet", async () => {
    const verbose = await show(twoJobs(), { verbose: true });
    for (const text of ["Runner name", "Debug: deep", "Deploy (skipped)"]) expect(verbose).toContain(text);
    const quiet = await show(twoJobs(), { quiet: true });
    expect(quiet).not.toContain("checking");
    expect(quiet).toContain("✗ Run eslint: exit code 2");
  });

  it("shows the output of setting up where that failed", async () => {
    const script = new EventScript()
      .start()
      .job("a")
      .run("a")
      .step("a", 1, "Set up job", { stage: "setup" })
      .log("a", 1, "fetching\n")
      .endStep("a", 1, "failure");
    expect(await show(script)).toContain("a | fetching\n");
  });

  it("names a background step in each of its lines, which stand between those of others", async () => {
    const script = new EventScript()
      .start()
      .job("a")
      .run("a")
      .step("a", 1, "Serve", { background: true })
      .step("a", 2, "Ask")
      .log("a", 1, "up\n")
      .log("a", 2, "asking\n");
    const shown = await show(script);
    expect(shown).toContain("a | Serve | up\n");
    expect(shown).toContain("a | asking\n");
  });

  it("gives each job a colour of its own, and keeps it", async () => {
    const text = await show(twoJobs(), { style: palette(true) });
    const prefixes = new Set(text.match(/\x1b\[\d+m(lint|test)\x1b\[39m\x1b\[2m \| /g));
    expect(prefixes.size).toBe(2);
  });

  it("never mixes lines of jobs that write at the same time", async () => {
    const script = new EventScript()
      .start()
      .job("a")
      .job("b")
      .run("a")
      .run("b")
      .step("a", 1, "A")
      .step("b", 1, "B");
    for (let part = 0; part < 4; part++) script.log("a", 1, `a${part}`).log("b", 1, `b${part}`);
    const long = "x".repeat(20_000);
    script.log("a", 1, long).log("b", 1, "\nmore\n").log("a", 1, "end\n");
    const lines = (await show(script)).split("\n");
    expect(lines).toContain("b | b0b1b2b3");
    expect(lines).toContain("b | more");
    expect(lines.some((line) => line.startsWith("a | a0a1a2a3xxx"))).toBe(true);
    expect(lines).toContain("a | end");
  });

  it("holds back output while someone else has the terminal", () => {
    const io = memoryIo({ cwd: "/" });
    const view = new PlainView({ io, style: palette(false), quiet: false, verbose: false });
    const resume = view.suspend();
    for (const event of twoJobs().events) void view.sink(event);
    expect(io.stdout.text).toBe("");
    resume();
    expect(io.stdout.text).toContain("lint | checking");
  });

  it("takes out of output on a terminal what would move its cursor", async () => {
    const script = new EventScript()
      .start()
      .job("a")
      .run("a")
      .step("a", 1, "A")
      .log("a", 1, "x\x1b[2J\x1b[31my\n");
    expect(await show(script, { toTerminal: true })).toContain("a | xy\n");
    expect(await show(script, { toTerminal: true, style: palette(true) })).toContain("x\x1b[31my\x1b[0m\n");
    // A file gets what the step wrote.
    expect(await show(script)).toContain("a | x\x1b[2J\x1b[31my\n");
  });
});
