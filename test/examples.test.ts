// The projects of examples/ run as a reader of the README would run them, and what they make is looked into.
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BuildRecord, readBuilds } from "./support/build-record.ts";
import { git } from "./support/git.ts";
import { Sandbox, slipway } from "./support/slipway.ts";
import { unzip } from "./support/unzip.ts";

const examples = fileURLToPath(new URL("../examples", import.meta.url));
let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

interface Example {
  readonly build: BuildRecord;
  readonly sha: string;
  /** The files of an artifact. */
  readonly artifact: (name: string) => Map<string, Buffer>;
}

async function runExample(name: string): Promise<Example> {
  const cwd = sandbox.join(name);
  cpSync(join(examples, name), cwd, {
    recursive: true,
    filter: (path) => !/\/(dist|build|site)$/.test(path),
  });
  git(cwd, "init", "--quiet", "--initial-branch=main");
  git(cwd, "add", "--all");
  git(cwd, "commit", "--quiet", "--message=First commit");
  const store = sandbox.join("artifacts");
  const ran = await slipway(["run", "--json", "--offline", "--artifact-server-path", store], {
    cwd,
    env: {
      HOME: sandbox.path,
      XDG_STATE_HOME: sandbox.join("state"),
      XDG_CACHE_HOME: sandbox.join("cache"),
    },
  });
  const [build, ...others] = readBuilds(ran.stdout);
  const said = build?.jobs
    .map(({ name: job, result, log }) => `${job}: ${result}\n${log.slice(-1500)}`)
    .join("\n");
  expect(ran.code, `${said}${ran.stderr}`).toBe(0);
  if (build === undefined) throw new Error(ran.stderr);
  expect(others).toEqual([]);
  expect(git(cwd, "status", "--porcelain"), "the work tree is left as it was").toBe("");
  return {
    build,
    sha: git(cwd, "rev-parse", "HEAD"),
    artifact: (artifact) => {
      const [run = ""] = readdirSync(store).filter((entry) => !entry.startsWith("."));
      return unzip(join(store, run, artifact, `${artifact}.zip`));
    },
  };
}

function results({ jobs }: BuildRecord): Record<string, string | undefined> {
  return Object.fromEntries(jobs.map(({ name, result }) => [name, result]));
}

describe("examples", () => {
  it("are all run here", () => {
    expect(readdirSync(examples).toSorted()).toEqual(["c-wordcount", "node-service", "platform-site"]);
  });

  it("node-service is linted, tested in three time zones, bundled, and answers over HTTP", async () => {
    const { build, artifact } = await runExample("node-service");
    const version = JSON.parse(readFileSync(join(examples, "node-service/package.json"), "utf8"))
      .version as string;
    const packaged = build.jobs.find(({ name }) => name === "package");
    expect(packaged?.outputs.version).toContain(version);
    expect(results(build)).toMatchObject({
      lint: "success",
      "test in UTC": "success",
      "test in Asia/Kolkata": "success",
      "test in America/New_York": "success",
      package: "success",
      [`smoke test ${packaged?.outputs.version}`]: "success",
    });
    const files = artifact("link-service");
    expect([...files.keys()]).toEqual(["service.mjs"]);
    const bundle = sandbox.join("service.mjs");
    writeFileSync(bundle, files.get("service.mjs") ?? "");
    execFileSync(process.execPath, ["--check", bundle]);
    expect(build.summaries.join("")).toContain("https://example.org/");
  });

  it("c-wordcount is compiled twice, tested, and its program kept", async () => {
    const { build, artifact } = await runExample("c-wordcount");
    expect(results(build)).toMatchObject({ "build (-O0 -g)": "success", "build (-O2)": "success" });
    expect(build.annotations).toEqual([]);
    const program = sandbox.join("program");
    const files = artifact("wordcount");
    expect([...files.keys()]).toEqual(["wordcount"]);
    writeFileSync(program, files.get("wordcount") ?? "", { mode: 0o755 });
    expect(execFileSync(program, { input: "one two\nthree\n", encoding: "utf8" })).toMatch(/^\s*2 +3 +14\b/);
  });

  it("platform-site is checked, built, and its pages kept", async () => {
    const { build, artifact, sha } = await runExample("platform-site");
    expect(results(build)).toEqual({ "check-links": "success", build: "success", report: "success" });
    const files = artifact("site");
    const text = (ending: string) =>
      [...files].find(([name]) => name.endsWith(ending))?.[1].toString("utf8") ??
      `no ${ending} in ${[...files.keys()]}`;
    expect(text("index.html")).toContain("<h1>");
    expect(text("slipway.html")).toContain("</html>");
    expect(text("version.txt")).toContain(`at ${sha}`);
  });
});
