import { describe, expect, it } from "vitest";
import { EventScript } from "../build-events.fixture.ts";
import { TestTerminal } from "../live/terminal.fixture.ts";
import { type MemoryIo, memoryIo } from "../memory-io.fixture.ts";
import { palette } from "../output/color.ts";
import { LiveView, type LiveViewOptions } from "./live-view.ts";

const SIZE = { columns: 60, rows: 20 };

function open(more: Partial<LiveViewOptions> = {}) {
  const io = memoryIo({ cwd: "/", terminal: SIZE });
  const view = new LiveView({
    io,
    style: palette(false),
    quiet: false,
    verbose: false,
    logs: undefined,
    ...more,
  });
  return { io, view };
}

function screen(io: MemoryIo): string[] {
  const terminal = new TestTerminal(SIZE.columns, SIZE.rows);
  terminal.write(io.stdout.text.replaceAll(/(?<!\r)\n/g, "\r\n"));
  return [...terminal.scrolledOut, ...terminal.lines];
}

function started(): EventScript {
  return new EventScript()
    .start()
    .job("build")
    .run("build")
    .step("build", 1, "Run make")
    .log("build", 1, "compiling\n");
}

describe("LiveView", () => {
  it("paints at its own pace, however much happens between", async () => {
    const { io, view } = open();
    for (const event of started().events) await view.sink(event);
    expect(io.stdout.text).toBe("");
    io.tick();
    const once = io.stdout.text;
    expect(screen(io).join("\n")).toContain("│ compiling");
    for (let index = 0; index < 1000; index++) await view.sink(started().events.at(-1) as never);
    expect(io.stdout.text).toBe(once);
  });

  it("leaves the summary alone on the screen at the end", async () => {
    const { io, view } = open();
    const script = started().endStep("build", 1, "failure", 2).end("build", "failure").finish("failure");
    for (const event of script.events) {
      await view.sink(event);
      io.tick();
    }
    await view.end({ artifacts: [], keptFolder: undefined });
    const lines = screen(io);
    expect(lines.filter((line) => line.includes("CI"))).toHaveLength(1);
    expect(lines.join("\n")).toContain("│ compiling");
    expect(lines.join("\n")).toContain("✗ Failed. 1 job: 1 failed");
    expect(io.stdout.text.lastIndexOf("\x1b[?25h")).toBeGreaterThan(io.stdout.text.lastIndexOf("\x1b[?25l"));
    const before = io.stdout.text;
    io.tick();
    expect(io.stdout.text).toBe(before);
  });

  it("leaves the terminal to someone else, and comes back", async () => {
    const { io, view } = open();
    for (const event of started().events) await view.sink(event);
    io.tick();
    const resume = view.suspend();
    const before = io.stdout.text;
    io.tick();
    expect(io.stdout.text).toBe(before);
    expect(screen(io).join("").trim()).toBe("");
    resume();
    expect(screen(io).join("\n")).toContain("compiling");
  });

  it("lets notes and, where verbose, all output scroll by above the tree", async () => {
    const { io, view } = open({ verbose: true });
    for (const event of started().events) await view.sink(event);
    view.note("a note");
    io.tick();
    const lines = screen(io);
    expect(lines.indexOf("build | compiling")).toBeGreaterThan(-1);
    expect(lines.indexOf("a note")).toBeLessThan(lines.findIndex((line) => line.includes("Ctrl-C cancels")));
  });

  it("paints anew when the terminal changes its size", async () => {
    const { io, view } = open();
    for (const event of started().events) await view.sink(event);
    io.tick();
    const before = io.stdout.text.length;
    io.stdout.resize(30, 10);
    expect(io.stdout.text.slice(before)).toContain("\x1b[J");
  });

  it("knows the widths of characters before it shows any that are not plain", async () => {
    const { io, view } = open();
    for (const event of new EventScript().start("🚀 配布").job("長い名前".repeat(20)).events)
      await view.sink(event);
    io.tick();
    for (const line of screen(io)) expect([...line].length).toBeLessThan(SIZE.columns);
  });
});
