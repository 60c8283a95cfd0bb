import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { memoryFolder } from "./memory-folder.ts";

/** A process id that no process has: above what Linux gives out. */
const NOBODY = 4_194_305;
const IN_MEMORY = { type: 0x01021994, bavail: 1_000_000, bsize: 4_096 };
const ON_DISK = { ...IN_MEMORY, type: 0xef53 };
const NEARLY_FULL = { ...IN_MEMORY, bavail: 1_000 };

/** Stands for the file system in memory, so that the test says the same on every machine. */
let shared = "";
beforeEach(() => {
  shared = mkdtempSync(join(tmpdir(), "slipway-memory-"));
});
afterEach(() => rmSync(shared, { recursive: true, force: true }));

const inMemory = (pid: number) => memoryFolder(pid, shared, () => IN_MEMORY) ?? "none";

it("gives a new, empty folder, named after the process", () => {
  const folder = inMemory(process.pid);
  expect(dirname(folder)).toBe(shared);
  expect(basename(folder)).toMatch(new RegExp(`^slipway-${process.pid}-`));
  expect(readdirSync(folder)).toEqual([]);
});

it("gives none on a disk, where there is little room, or where there is nothing", () => {
  expect(memoryFolder(process.pid, shared, () => ON_DISK)).toBeUndefined();
  expect(memoryFolder(process.pid, shared, () => NEARLY_FULL)).toBeUndefined();
  expect(memoryFolder(process.pid, join(shared, "missing"))).toBeUndefined();
  expect(readdirSync(shared)).toEqual([]);
});

it("removes the folders of runs that are no more, and no others", () => {
  const names = [`slipway-${NOBODY}-x`, `slipway-${process.ppid}-x`, "slipway-other"];
  for (const name of names) mkdirSync(join(shared, name, "deep"), { recursive: true });
  const folder = inMemory(process.pid);
  expect(names.map((name) => existsSync(join(shared, name)))).toEqual([false, true, true]);
  expect(existsSync(folder)).toBe(true);
});

it("leaves the other runs of its own process alone", () => {
  const first = inMemory(NOBODY);
  const second = inMemory(NOBODY);
  expect([first, second].map((folder) => existsSync(folder))).toEqual([true, true]);
  expect(first).not.toBe(second);
});
