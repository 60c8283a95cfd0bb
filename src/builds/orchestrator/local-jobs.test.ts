import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LocalExecutor } from "../../executors/local/local-executor.ts";
import type { PlacedJob } from "../build-options.ts";
import { TestServer, testEnvironment } from "./orchestrator.fixture.ts";
import { startClaimedBuild } from "./start-claimed-build.ts";

const RUNNER = fileURLToPath(new URL("../../executors/local/runner-main.ts", import.meta.url));

let server: TestServer;
let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "local-jobs-"));
  server = await TestServer.open();
});
afterEach(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

function local() {
  const program = {
    file: process.execPath,
    args: [RUNNER],
    env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
  };
  return {
    executor: new LocalExecutor({ mode: "process", program }),
    jobEnvironment: async (_build: unknown, job: PlacedJob) => {
      const at = (name: string) => join(root, `${job.jobKey}-${job.attempt}`, name);
      const environment = testEnvironment(job);
      return {
        ...environment,
        baseEnv: { PATH: process.env.PATH ?? "/usr/bin:/bin", HOME: root },
        directories: { workspace: at("w"), temp: at("t"), toolCache: at("tc"), actionCache: at("ac") },
        runner: { ...environment.runner, nodePath: process.execPath },
      };
    },
  };
}

const CONTENT = `
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: { answer: "\${{ steps.find.outputs.answer }}" }
    steps:
      - run: echo "hello from $GITHUB_JOB with \${{ secrets.TOKEN }}"
      - id: find
        run: |
          echo answer=42 >> "$GITHUB_OUTPUT"
          echo '::warning file=a.c,line=3::careful'
      - run: 'echo "# Done" >> "$GITHUB_STEP_SUMMARY"'
  test:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - run: test "\${{ needs.build.outputs.answer }}" = 41
      - { if: failure(), run: echo cleaning up }
`;

test("real steps on this machine end in the records, with logs, outputs, summaries and annotations", async () => {
  const result = await server.run(CONTENT, { ...local(), secrets: { TOKEN: "s3cr3t-value" } });
  expect(result.states).toEqual({ build: "succeeded", test: "failed" });
  const build = result.job("build");
  expect(build).toMatchObject({ outputs: { answer: "42" }, executor: "local" });
  const steps = result.steps.filter(({ jobId }) => jobId === build.id);
  const hello = steps.find(({ name }) => name.startsWith('Run echo "hello'));
  expect(await server.log(hello?.id ?? "")).toContain("hello from build with ***\n");
  expect(steps.map(({ summary }) => summary).filter((summary) => summary !== undefined)).toEqual([
    "# Done\n",
  ]);
  expect(await server.store.builds.annotations(result.build.id)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ level: "warning", message: "careful", file: "a.c", line: 3 }),
    ]),
  );
  const failed = result.steps.find(
    ({ jobId, status }) => jobId === result.job("test").id && status === "failed",
  );
  expect(failed).toMatchObject({ conclusion: "failure", exitCode: 1 });
});

test("a job whose worker let its build go ends, and is run again by the next", async () => {
  const content = `
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps: [{ run: "test -e ${root}/gate || sleep 600; echo done" }]
`;
  const { id, run } = await server.start(content, local());
  await server.untilJob(id, "a", "running");
  await run.abandon();
  await server.store.builds.releaseAll();
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root);
  writeFileSync(join(root, "gate"), "");
  const again = server.follow(startClaimedBuild(await server.claim(id, "w2"), server.parts(local())));
  expect(await again.ended).toBe("finished");
  const { jobs } = await server.result(id);
  expect(jobs.map(({ attempt, status, latest }) => [attempt, status, latest])).toEqual([
    [1, "failed", false],
    [2, "succeeded", true],
  ]);
});
