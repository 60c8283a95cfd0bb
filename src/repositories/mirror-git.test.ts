import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { GIT_ENV, TestFolder } from "../runner/git/repository.fixture.ts";
import type { ProjectRecord } from "../store/project-record.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { GitRepositories } from "./git-repositories.ts";
import { isMirrorDamage, originError } from "./origin-error.ts";

let folder: TestFolder;
beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.remove());

const project: ProjectRecord = {
  id: "p1",
  name: "shop",
  repositoryUrl: "https://git.example.com/acme/shop.git",
  defaultBranch: "main",
  settings: {},
  createdAt: 0,
  updatedAt: 0,
};

it("credentials reach git by the environment, only for that host, and no message repeats them", async () => {
  const basic = Buffer.from("bot:hunter2").toString("base64");
  const script = `#!/bin/sh
echo "$@" > ${folder.join("arguments")}
env > ${folder.join("environment")}
echo "fatal: unable to access 'https://bot:hunter2@git.example.com/': hunter2 ${basic} refused" >&2
exit 128
`;
  writeFileSync(folder.join("git"), script, { mode: 0o755 });
  const repositories = new GitRepositories({
    folder: folder.join("mirrors"),
    env: { ...GIT_ENV, PATH: `${folder.path}:${GIT_ENV.PATH}` },
    clock: systemClock,
    logger: silentLogger,
    credentials: async () => ({ username: "bot", password: "hunter2" }),
  });
  const error = await repositories.resolve(project, "main").catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "Permanent" });
  expect(String(error)).not.toContain("hunter2");
  expect(String(error)).not.toContain(basic);
  expect(readFileSync(folder.join("arguments"), "utf8")).not.toContain("hunter2");
  const environment = readFileSync(folder.join("environment"), "utf8");
  expect(environment).toContain("=http.https://git.example.com/.extraHeader\n");
  expect(environment).toContain(`=Authorization: Basic ${basic}\n`);
  expect(environment).toContain("GIT_TERMINAL_PROMPT=0\n");
  expect(environment).toContain("GIT_ALLOW_PROTOCOL=file:http:https:ssh\n");
});

it.each([
  ["fatal: unable to access 'https://x/': Could not resolve host: x", "Transient"],
  ["fatal: unable to access 'https://x/': The requested URL returned error: 503", "Transient"],
  ["fatal: could not read Username for 'https://x': terminal prompts disabled", "Permanent"],
  ["remote: Repository not found.", "Permanent"],
  ["fatal: '/x' does not appear to be a git repository", "Permanent"],
  ["fatal: write error: No space left on device\nfatal: index-pack failed", "QuotaExceeded"],
  ["", "Permanent"],
])("an origin that says %j is %s", (stderr, code) => {
  expect(originError("of project shop", "https://x/", stderr, [])).toMatchObject({ code });
});

it.each([
  ["error: object file ./objects/aa/bb is empty", true],
  ["fatal: bad object refs/heads/main", true],
  ["fatal: Unable to create '/x/packed-refs.lock': File exists.", true],
  ["fatal: not a git repository: '/x/p1.git'", true],
  ["fatal: unable to access 'https://x/': Could not resolve host: x", false],
  ["fatal: '/x' does not appear to be a git repository", false],
  ["fatal: couldn't find remote ref refs/pull/1/head", false],
  ["error: unable to create temporary file: No space left on device", false],
])("%j speaks of the mirror: %s", (stderr, damage) => {
  expect(isMirrorDamage(stderr)).toBe(damage);
});
