import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { containerEnvironment } from "./container-environment.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "image-"));
  mkdirSync(join(root, "bin"));
  mkdirSync(join(root, "home"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function environment(env: { readonly [name: string]: string | undefined }): Record<string, string> {
  return containerEnvironment(
    { HOME: join(root, "home"), PATH: join(root, "bin"), ...env },
    { shellDirectory: "/kit/shell", home: join(root, "made", "home"), temp: "/job/temp" },
  );
}

it("is the image's, without what is for the runner alone", () => {
  const env = environment({
    LANG: "C.UTF-8",
    JAVA_HOME: "/java",
    SLIPWAY_OUTLIVES: "1",
    SLIPWAY_TRACKING_ID: "x",
  });
  expect(env).toMatchObject({ LANG: "C.UTF-8", JAVA_HOME: "/java", HOME: join(root, "home") });
  expect(Object.keys(env).filter((name) => name.startsWith("SLIPWAY"))).toEqual([]);
  expect(existsSync(join(root, "made"))).toBe(false);
});

it("has the kit's shell last on PATH where the image has none, and not at all where it has one", () => {
  expect(environment({}).PATH).toBe(`${join(root, "bin")}:/kit/shell`);
  writeFileSync(join(root, "bin", "sh"), "", { mode: 0o755 });
  expect(environment({}).PATH).toBe(join(root, "bin"));
});

it.each([undefined, ""])("without a PATH (%j) has the usual one", (PATH) => {
  expect(environment({ PATH }).PATH).toMatch(
    /^\/usr\/local\/sbin:\/usr\/local\/bin:\/usr\/sbin:\/usr\/bin:\/sbin:\/bin/,
  );
});

it.each([undefined, "", "/no/such/home", "/etc/passwd"])("makes a home where the image's is %j", (HOME) => {
  const env = environment({ HOME });
  expect(env.HOME).toBe(join(root, "made", "home"));
  expect(existsSync(env.HOME ?? "")).toBe(true);
});

it("has a folder for temporary files that can be written to", () => {
  expect(environment({})).not.toHaveProperty("TMPDIR");
  expect(environment({ TMPDIR: join(root, "home") }).TMPDIR).toBe(join(root, "home"));
  expect(environment({ TMPDIR: "/no/such/folder" }).TMPDIR).toBe("/job/temp");
});
