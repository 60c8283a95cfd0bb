import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EventScript } from "../build-events.fixture.ts";
import { LogFiles } from "./log-files.ts";

let parent = "";

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "slipway-logs-"));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

async function writeAll(logs: LogFiles, ...scripts: EventScript[]): Promise<void> {
  for (const { events } of scripts) for (const event of events) await logs.write(event);
  await logs.close();
}

describe("LogFiles", () => {
  it("keeps the log of each job, whatever its name", async () => {
    const logs = new LogFiles(parent, "1001");
    const script = new EventScript("1001");
    for (const job of ["build", "../x/y", "日本"]) script.step(job, 1, "Work").log(job, 1, `${job} says\n`);
    await writeAll(
      logs,
      script,
      new EventScript("1002").step("build", 1, "Other").log("build", 1, "other\n"),
    );
    const files = readdirSync(logs.folder).toSorted();
    expect(files).toHaveLength(4);
    expect(readFileSync(join(logs.folder, "build.log"), "utf8")).toMatch(/^2026-.*Z Work\nbuild says\n$/);
    expect(readFileSync(join(logs.folder, "build-1002.log"), "utf8")).toContain("other");
    const all = files.map((file) => readFileSync(join(logs.folder, file), "utf8")).join("");
    for (const text of ["../x/y says", "日本 says"]) expect(all).toContain(text);
  });

  it("keeps a limited number of runs", () => {
    for (let run = 100; run < 150; run++) mkdirSync(join(parent, `${run}`));
    const logs = new LogFiles(parent, "1001");
    const left = readdirSync(parent);
    expect(left).toHaveLength(30);
    expect(left).toContain("149");
    expect(left).not.toContain("120");
    expect(existsSync(logs.folder)).toBe(true);
  });

  it("keeps a limited number of bytes", () => {
    for (const run of ["101", "102", "103"]) {
      mkdirSync(join(parent, run));
      writeFileSync(join(parent, run, "a.log"), "");
      // Sparse: as large as it says, and nowhere on the disk.
      truncateSync(join(parent, run, "a.log"), 900 * 1024 ** 2);
    }
    new LogFiles(parent, "1001");
    expect(readdirSync(parent).toSorted()).toEqual(["1001", "102", "103"]);
  });

  it("lets a run go on where its folder has gone", async () => {
    const logs = new LogFiles(parent, "1001");
    rmSync(parent, { recursive: true });
    const script = new EventScript("1001").log("a", 1, "x".repeat(200_000)).log("a", 1, "more");
    await writeAll(logs, script);
    expect(existsSync(logs.folder)).toBe(false);
  });
});
