import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { memoryFolder } from "./memory-folder.ts";

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A process id that no process has: above what Linux gives out. */
const NOBODY = 4_194_305;

it("gives a new folder in memory where the system has one, and nothing on a disk", () => {
  const folder = memoryFolder(process.pid);
  if (folder !== undefined) made.push(folder);
  // Which of the two this machine is, is not for this test to say; each answer has its shape.
  expect(folder === undefined || (platform() === "linux" && readdirSync(folder).length === 0)).toBe(true);
  const disk = mkdtempSync(join(tmpdir(), "slipway-memory-"));
  made.push(disk);
  expect([undefined, disk]).toContain(memoryFolder(process.pid, disk) && disk);
  expect(memoryFolder(process.pid, join(disk, "missing"))).toBeUndefined();
});

it("removes the folders of runs that are no more, and no others", () => {
  const folder = memoryFolder(process.pid);
  if (folder === undefined) return expect(existsSync("/proc/self")).toBe(platform() === "linux");
  const shared = join(folder, "..");
  const dead = join(shared, `slipway-${NOBODY}-x`);
  const alive = join(shared, `slipway-${process.ppid}-x`);
  const other = join(shared, "slipway-other");
  for (const path of [dead, alive, other]) mkdirSync(path, { recursive: true });
  made.push(folder, dead, alive, other);
  made.push(memoryFolder(process.pid) ?? "");
  expect([dead, alive, other, folder].map((path) => existsSync(path))).toEqual([false, true, true, true]);
});

it("leaves the other runs of its own process alone", () => {
  const first = memoryFolder(NOBODY);
  const second = memoryFolder(NOBODY);
  made.push(...[first, second].filter((folder) => folder !== undefined));
  expect(first === undefined ? second : existsSync(first)).toBe(first === undefined ? undefined : true);
});
