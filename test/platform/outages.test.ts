// PostgreSQL, RabbitMQ and S3, each away for 20 seconds in the middle of builds; side by side, as each takes that long.
import { describe, expect, it } from "vitest";
import type { TestServer } from "../support/server.ts";
import { waitFor } from "../support/server.ts";
import type { TcpProxy } from "../support/tcp-proxy.ts";
import { type Build, Cluster, countTo, jobOf, numbersOf, Project, printing } from "./survival.fixture.ts";

const AWAY_MS = 20_000;
const BUILDS = 3;
const SHORT = 60;
const LONG = 140;
/** One job ends while the part is away, one goes on beyond it, and others begin after them. */
const PIPELINE = `
on: workflow_dispatch
jobs:
  short:
    runs-on: ubuntu-latest
    outputs: { word: "\${{ steps.short.outputs.word }}" }
    steps:
      - id: short
        name: short
        run: ${JSON.stringify(`${printing("short", SHORT, 0.1)}; echo word=kept >> $GITHUB_OUTPUT; echo file > file.txt`)}
      - uses: actions/upload-artifact@v4
        with: { name: kept, path: file.txt }
  long:
    runs-on: ubuntu-latest
    steps:
      - name: long
        run: ${JSON.stringify(printing("long", LONG, 0.2))}
  after:
    needs: [short, long]
    runs-on: ubuntu-latest
    steps:
      - name: after
        run: ${JSON.stringify(`echo "heard \${{ needs.short.outputs.word }}"; ${printing("after", 20)}`)}
`;

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** What was answered, again and again, while the part was away. */
interface Meanwhile {
  readonly healthy: number[];
  readonly ready: Answer[];
  readonly asked: Answer[];
}

interface Trial {
  readonly server: TestServer;
  readonly project: Project;
  /** Its builds take no time. */
  readonly small: Project;
  /** A build that had ended before. */
  readonly finished: Build;
  readonly running: readonly string[];
}

async function begin(cluster: Cluster): Promise<Trial> {
  const server = await cluster.server(["--worker-max-jobs", "8", "--worker-infrastructure-retries", "5"]);
  const project = await Project.add(server, cluster.sandbox, "outage", PIPELINE);
  const small = await Project.add(server, cluster.sandbox, "small", smallPipeline);
  const [finished] = await small.ended([await small.start()]);
  if (finished === undefined) throw new Error("no build");
  expect(finished.status).toBe("succeeded");
  const step = stepNamed(finished, "first", "small");
  // Its log is to be a blob.
  await waitFor(
    async () => stepNamed(await small.build(finished.id), "first", "small").log.kept === "blob",
    30_000,
    () => `the log has not become a blob\n${server.stderr.slice(-4_000)}`,
  );
  expect(numbersOf(await small.log(step), "small")).toEqual(countTo(5));
  const running = await project.startMany(BUILDS);
  await project.running(running);
  return { server, project, small, finished, running };
}

const smallPipeline = `
on: workflow_dispatch
jobs: { first: { runs-on: ubuntu-latest, steps: [{ name: small, run: ${JSON.stringify(printing("small", 5))} }] } }
`;

/** Cuts the part off for its time; asks the server all the while. */
async function away(
  proxy: TcpProxy,
  { server }: Trial,
  path: string,
  inBetween: () => Promise<void> = async () => {},
): Promise<Meanwhile> {
  const said: Meanwhile = { healthy: [], ready: [], asked: [] };
  const until = Date.now() + AWAY_MS;
  proxy.cut();
  try {
    const besides = inBetween();
    while (Date.now() < until) {
      const [health, ready, asked] = await Promise.all([
        server.fetch("/healthz"),
        answerOf(server, "/readyz"),
        answerOf(server, path),
      ]);
      await health.arrayBuffer();
      said.healthy.push(health.status);
      said.ready.push(ready);
      said.asked.push(asked);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await besides;
  } finally {
    proxy.resume();
  }
  return said;
}

async function answerOf(server: TestServer, path: string): Promise<Answer> {
  const response = await server.fetch(path);
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    body: await response.text(),
  };
}

function expectRefusals(said: Meanwhile, part: string): void {
  expect(new Set(said.healthy)).toEqual(new Set([200]));
  for (const { status, retryAfter, body } of said.asked) {
    expect(status, body).toBe(503);
    expect(Number(retryAfter)).toBeGreaterThan(0);
    expect(JSON.parse(body)).toMatchObject({ status: 503, code: "Transient" });
  }
  for (const { status, retryAfter, body } of said.ready) {
    expect(status, body).toBe(503);
    expect(Number(retryAfter)).toBeGreaterThan(0);
    expect(JSON.parse(body)).toMatchObject({ ready: false, parts: { [part]: { ok: false } } });
  }
  expect(said.asked.length).toBeGreaterThan(1);
}

/** All is as if nothing had been: the builds that ran, and one from now. */
async function expectRecovered(trial: Trial, more: readonly string[] = []): Promise<void> {
  const { server, project, small, running } = trial;
  await waitFor(async () => (await server.fetch("/readyz")).status === 200);
  for (const build of await project.ended(running)) {
    expect(build.status, JSON.stringify(build, undefined, 2)).toBe("succeeded");
    for (const [key, word, lines] of [
      ["short", "short", SHORT],
      ["long", "long", LONG],
      ["after", "after", 20],
    ] as const) {
      const log = await project.log(stepNamed(build, key, word));
      expect(numbersOf(log, word), log).toEqual(countTo(lines));
    }
    expect(await project.log(stepNamed(build, "after", "after"))).toContain("heard kept");
    const { items } = await server.ok<{ items: readonly { name: string; sizeBytes: number }[] }>(
      "GET",
      `projects/${project.id}/pipelines/${build.id}/artifacts`,
    );
    expect(items.map(({ name }) => name)).toEqual(["kept"]);
  }
  for (const build of await small.ended([...more, await small.start()])) {
    expect(build.status).toBe("succeeded");
  }
}

function stepNamed(build: Build, key: string, name: string) {
  const step = jobOf(build, key).steps.find((each) => each.name === name);
  if (step === undefined) throw new Error(`${build.id} has no step ${name}`);
  return step;
}

describe("builds go on by themselves after 20 seconds", () => {
  it.concurrent("without PostgreSQL", async () => {
    await using cluster = await Cluster.start();
    const trial = await begin(cluster);
    const said = await away(cluster.proxies.postgres, trial, `projects/${trial.project.id}/pipelines`);
    expectRefusals(said, "records");
    await expectRecovered(trial);
  }, 180_000);

  it.concurrent("without RabbitMQ, which takes nothing from the API but its queue", async () => {
    await using cluster = await Cluster.start();
    const trial = await begin(cluster);
    const meanwhile: string[] = [];
    const said = await away(cluster.proxies.rabbit, trial, "queue", async () => {
      // Accepted and kept: it is published as soon as there is somebody to take it.
      meanwhile.push(await trial.small.start());
      const [id = ""] = meanwhile;
      expect((await trial.small.build(id)).status).toBe("pending");
    });
    expectRefusals(said, "queue");
    await expectRecovered(trial, meanwhile);
  }, 180_000);

  it.concurrent("without S3", async () => {
    await using cluster = await Cluster.start();
    const trial = await begin(cluster);
    const log = stepNamed(trial.finished, "first", "small").log.url;
    const said = await away(cluster.proxies.s3, trial, log);
    expectRefusals(said, "blobs");
    await expectRecovered(trial);
  }, 180_000);
});
