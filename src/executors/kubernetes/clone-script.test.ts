import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { GIT_ENV, git, makeRepository, TestFolder } from "../../runner/git/repository.fixture.ts";
import { KIT } from "../kit/kit-layout.ts";
import { CLONE_SCRIPT } from "./clone-script.ts";

let folder: TestFolder;
let commit = "";
beforeEach(() => {
  folder = new TestFolder();
  makeRepository(folder.join("source"), { "a.txt": "committed" });
  commit = git(folder.join("source"), "rev-parse", "HEAD");
});
afterEach(() => folder.remove());

/** With this machine's programs in place of the kit's. */
const where = (name: string) => execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
const busybox = where("busybox");
const script = CLONE_SCRIPT.replaceAll(KIT.busybox, busybox).replaceAll(KIT.git, where("git"));
const clone = async (env: Record<string, string> = { SLIPWAY_SHARED: "1" }, text = script) => {
  const { stdout } = await promisify(execFile)(busybox, ["sh", "-c", text], {
    env: {
      ...GIT_ENV,
      SLIPWAY_WORKSPACE: folder.join("workspace"),
      SLIPWAY_HOME: folder.join("home"),
      SLIPWAY_URL: folder.join("source"),
      SLIPWAY_COMMIT: commit,
      ...env,
    },
    timeout: 60_000,
  });
  return stdout;
};
const file = (path: string) => folder.join("workspace", path);

it("brings the commit, over what stands there", async () => {
  await clone({});
  writeFileSync(file("a.txt"), "changed");
  await clone({});
  expect(readFileSync(file("a.txt"), "utf8")).toBe("committed");
});

it("brings it once into a workspace that is shared, and leaves what steps made of it", async () => {
  expect(await clone()).toBe("");
  writeFileSync(file("a.txt"), "changed");
  writeFileSync(file("built"), "");
  expect(await clone()).toContain("it is left as other steps left it");
  expect(readFileSync(file("a.txt"), "utf8")).toBe("changed");
  expect(readdirSync(file(".git"))).not.toContain("slipway-lock");
});

it("has one of several at once bring it", async () => {
  const said = await Promise.all([clone(), clone(), clone()]);
  expect(said.filter((text) => text === "")).toHaveLength(1);
  expect(readFileSync(file("a.txt"), "utf8")).toBe("committed");
}, 60_000);

it("takes over where whoever began is gone", async () => {
  mkdirSync(file(".git/slipway-lock"), { recursive: true });
  utimesSync(file(".git/slipway-lock"), 7, 7);
  const hurried = script.replaceAll("sleep 1", "sleep 0.05");
  expect(hurried).not.toBe(script);
  await clone({ SLIPWAY_SHARED: "1" }, hurried);
  expect(readFileSync(file("a.txt"), "utf8")).toBe("committed");
});
