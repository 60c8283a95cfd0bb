// Two workers on real PostgreSQL, RabbitMQ and S3 that are killed, again and again, at moments nobody chose.
import pg from "pg";
import { expect, it } from "vitest";
import { type TestServer, waitFor } from "../support/server.ts";
import { Cluster, countTo, jobOf, numbersOf, Project, printing } from "./survival.fixture.ts";

const BUILDS = 50;
const KILLS = 10;
const LINES = 25;
const PIPELINE = `
on: workflow_dispatch
jobs:
  first:
    runs-on: ubuntu-latest
    outputs: { word: "\${{ steps.say.outputs.word }}" }
    steps:
      - name: slow
        run: ${printing("slow", LINES, 0.02)}
      - id: say
        name: quick
        run: ${printing("quick", LINES)}; echo "word=from first" >> "$GITHUB_OUTPUT"
  left:
    needs: first
    runs-on: ubuntu-latest
    steps:
      - name: left
        run: ${printing("left", LINES, 0.01)}
  right:
    needs: first
    runs-on: ubuntu-latest
    steps:
      - name: right
        run: echo "heard \${{ needs.first.outputs.word }}"; ${printing("right", LINES, 0.01)}
  last:
    if: always()
    needs: [left, right]
    runs-on: ubuntu-latest
    steps:
      - name: last
        run: echo "\${{ needs.left.result }} \${{ needs.right.result }}"; exit 1
`;
const JOBS = { first: "succeeded", left: "succeeded", right: "succeeded", last: "failed" };

it("lose no build, no line and no job where workers are killed at random points in 50 builds", async () => {
  await using cluster = await Cluster.start();
  // What is lost must be found again within the test; and a build may be unlucky often.
  const { api, worker } = await cluster.split([
    "--worker-lease",
    "5s",
    "--worker-infrastructure-retries",
    "20",
    "--worker-max-builds",
    "6",
    "--worker-max-jobs",
    "4",
  ]);
  const project = await Project.add(
    api,
    cluster.sandbox,
    "killed",
    PIPELINE.replaceAll(/run: (.*)/g, quoted),
  );
  const workers: TestServer[] = await Promise.all([worker(), worker()]);
  const ids = await project.startMany(BUILDS);

  const ended = async () => [...(await project.statuses()).values()].filter(isFinal).length;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = await ended();
    if (before === BUILDS) break;
    // Some time, anywhere in what they do: also while the one before has just started.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 2_500));
    // No build would ever end if a worker never had the time for it.
    if (kill % 4 === 3) {
      await waitFor(
        async () => (await ended()) > before,
        60_000,
        () => `no build ends any more\n${workers.map(({ stderr }) => stderr.slice(-3_000)).join("\n")}`,
      );
    }
    const victim = workers.splice(Math.floor(Math.random() * workers.length), 1)[0];
    victim?.signal("SIGKILL");
    expect(await victim?.ended).toBeNull();
    workers.push(await worker());
  }

  const builds = await project.ended(ids, 150_000);
  let lost = 0;
  for (const build of builds) {
    expect(build.status, JSON.stringify(build, undefined, 2)).toBe("failed");
    expect(build.error ?? "").not.toMatch(/taken over|lost/);
    const latest = build.jobs.filter((job) => job.latest);
    expect(Object.fromEntries(latest.map(({ key, status }) => [key, status]))).toEqual(JOBS);
    for (const job of build.jobs.filter((each) => !each.latest)) {
      expect(job).toMatchObject({ status: "failed", infrastructureFailure: true });
      lost += 1;
    }
    expect(jobOf(build, "first").outputs).toEqual({ word: "from first" });
  }
  // A control: the kills did hit something.
  expect(lost).toBeGreaterThan(3);

  for (const build of builds) {
    for (const [key, words] of Object.entries({
      first: ["slow", "quick"],
      left: ["left"],
      right: ["right"],
    })) {
      const { steps } = jobOf(build, key);
      for (const word of words) {
        const step = steps.find(({ name }) => name === word);
        const log = step === undefined ? "" : await project.log(step);
        expect(numbersOf(log, word), `${build.id} ${key} ${word}\n${log}`).toEqual(countTo(LINES));
        if (word === "right") expect(log.match(/^heard from first$/gm)).toHaveLength(1);
      }
    }
    const last = jobOf(build, "last").steps.find(({ name }) => name === "last");
    expect(last && (await project.log(last)).match(/^success success$/gm)).toHaveLength(1);
  }

  const records = new pg.Client({ connectionString: cluster.database.url });
  await records.connect();
  try {
    const twice = await records.query(
      `select build_id, key, count(*) as times from build_jobs where status = 'succeeded' group by 1, 2 having count(*) > 1`,
    );
    expect(twice.rows).toEqual([]);
    const held = await records.query(
      "select id from builds where owner is not null or lease_until is not null",
    );
    expect(held.rows).toEqual([]);
    const open = await records.query(
      "select id, status from build_jobs where status in ('pending', 'queued', 'waiting', 'running')",
    );
    expect(open.rows).toEqual([]);
  } finally {
    await records.end();
  }
}, 400_000);

function isFinal(status: string): boolean {
  return /^(succeeded|failed|cancelled)$/.test(status);
}

/** As a YAML string, whatever is in it. */
function quoted(_: string, script: string): string {
  return `run: ${JSON.stringify(script)}`;
}
