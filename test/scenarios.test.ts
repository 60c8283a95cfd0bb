// Runs every folder of test/scenarios: a workflow, what it needs beside it, and what must come of it.
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readBuilds } from "./support/build-record.ts";
import { git } from "./support/git.ts";
import { judge, type Scenario } from "./support/judge.ts";
import { Sandbox, slipway } from "./support/slipway.ts";

const folder = fileURLToPath(new URL("./scenarios", import.meta.url));
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

describe("scenarios", () => {
  it("has scenarios to run, each with an expectation", () => {
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) expect(existsSync(join(folder, name, "expected.json")), name).toBe(true);
  });

  it.concurrent.each(names)("%s", async (name) => {
    const expected: Scenario = JSON.parse(readFileSync(join(folder, name, "expected.json"), "utf8"));
    using sandbox = new Sandbox();
    const repository = sandbox.join("repository");
    cpSync(join(folder, name), repository, {
      recursive: true,
      filter: (path) => !path.endsWith("expected.json"),
    });
    const workflow = join(repository, "workflow.yml");
    if (existsSync(workflow)) cpSync(workflow, join(repository, ".github/workflows/workflow.yml"));
    git(repository, "init", "--quiet", "--initial-branch=main");
    git(repository, "add", "--all", "--force");
    git(repository, "commit", "--quiet", "--message=First commit");

    for (const run of "runs" in expected ? expected.runs : [expected]) {
      const args = (run.args ?? []).map((arg) => arg.replaceAll("$REPOSITORY", repository));
      const ran = await slipway(["run", "--json", ...args], {
        cwd: repository,
        env: {
          HOME: sandbox.path,
          XDG_CACHE_HOME: sandbox.join("cache"),
          XDG_STATE_HOME: sandbox.join("state"),
          ...run.env,
        },
      });
      judge(run, ran, readBuilds(ran.stdout));
    }
  });
});
