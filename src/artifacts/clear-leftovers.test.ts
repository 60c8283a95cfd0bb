import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { clearLeftovers, processFolderName } from "./clear-leftovers.ts";

const HOUR = 3600 * 1000;
const NOW = Date.UTC(2026, 0, 1);

it("removes what dead processes left an hour ago and what nobody touched for a day, nothing else", async () => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-leftovers-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const child = spawn("true");
  await once(child, "exit");
  const ages = {
    [processFolderName("mine")]: 48 * HOUR,
    [`${child.pid}-dead`]: 2 * HOUR,
    [`${child.pid}-just-died`]: HOUR / 2,
    "old-file": 25 * HOUR,
    "new-file": 23 * HOUR,
  };
  for (const [name, age] of Object.entries(ages)) {
    await mkdir(join(folder, name, "inner"), { recursive: true });
    await utimes(join(folder, name), (NOW - age) / 1000, (NOW - age) / 1000);
  }
  await clearLeftovers(folder, NOW);
  expect((await readdir(folder)).sort()).toEqual(
    [processFolderName("mine"), `${child.pid}-just-died`, "new-file"].sort(),
  );
});

it("does nothing where there is no folder", async () => {
  await expect(clearLeftovers("/nonexistent/folder", NOW)).resolves.toBeUndefined();
});
