// Messages that come too often, that mean nothing, and builds whose records were damaged: on real PostgreSQL and RabbitMQ.
import pg from "pg";
import { Connection } from "rabbitmq-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testPostgres } from "../support/postgres.ts";
import { type TestServer, waitFor } from "../support/server.ts";
import { type Build, Cluster, countTo, jobOf, numbersOf, Project, printing } from "./survival.fixture.ts";

const PIPELINE = `
on: workflow_dispatch
jobs:
  count:
    runs-on: ubuntu-latest
    steps: [{ name: count, run: ${JSON.stringify(printing("count", 30, 0.02))} }]
  after:
    needs: count
    runs-on: ubuntu-latest
    steps: [{ run: echo after }]
`;

interface DeadLetter {
  readonly buildId?: string;
  readonly raw?: string;
  readonly reason: string;
}

describe("a server whose queue and records others have written to", () => {
  let cluster: Cluster;
  let api: TestServer;
  let worker: TestServer;
  let startWorker: () => Promise<TestServer>;
  let project: Project;
  let broker: Connection;
  let records: pg.Client;

  beforeAll(async () => {
    cluster = await Cluster.start();
    ({ api, worker: startWorker } = await cluster.split());
    worker = await startWorker();
    project = await Project.add(api, cluster.sandbox, "messages", PIPELINE);
    broker = new Connection(cluster.rabbit.url);
    records = new pg.Client({ connectionString: cluster.database.url });
    await records.connect();
  }, 120_000);
  afterAll(async () => {
    await broker?.close();
    await records?.end();
    await cluster?.[Symbol.asyncDispose]();
  });

  /** Straight into the queue, past everything that checks. */
  async function inject(...bodies: readonly (string | Buffer)[]): Promise<void> {
    const publisher = broker.createPublisher({ confirm: true });
    for (const body of bodies)
      await publisher.send({ routingKey: "slipway.builds", durable: true }, Buffer.from(body));
    await publisher.close();
  }

  const messageOf = (buildId: string) => JSON.stringify({ buildId, projectId: project.id });
  const dead = async () =>
    (await api.ok<{ items: readonly DeadLetter[] }>("GET", "queue/dead-letters")).items;
  const isEmpty = async () => {
    const { ready, unsettled, delayed } = await api.ok<Record<string, number>>("GET", "queue");
    return ready === 0 && unsettled === 0 && delayed === 0;
  };

  async function expectOnce(build: Build | undefined): Promise<void> {
    if (build === undefined) throw new Error("no build");
    expect(build.status).toBe("succeeded");
    expect(build.jobs.map(({ key, attempt, status }) => [key, attempt, status])).toEqual([
      ["count", 1, "succeeded"],
      ["after", 1, "succeeded"],
    ]);
    const step = jobOf(build, "count").steps.find(({ name }) => name === "count");
    expect(step && numbersOf(await project.log(step), "count")).toEqual(countTo(30));
    const facts = await records.query(
      `select count(*)::int as begun from build_facts where build_id = $1 and fact_json like '%"started"%'`,
      [build.id],
    );
    expect(facts.rows).toEqual([{ begun: 1 }]);
  }

  it("runs a build once whose message is delivered ten times, before, while and after it runs", async () => {
    const second = await startWorker();
    const id = await project.start();
    await inject(...Array.from({ length: 4 }, () => messageOf(id)));
    await project.running([id]);
    await inject(...Array.from({ length: 4 }, () => messageOf(id)));
    const [build] = await project.ended([id]);
    await inject(messageOf(id), messageOf(id));
    await waitFor(isEmpty);
    await expectOnce(build);
    await expectOnce(await project.build(id));
    expect(await dead()).toEqual([]);
    expect(await second.stop()).toBe(0);
  }, 90_000);

  it("sets aside what is no message, and one of a build that is not there, and goes on", async () => {
    const rubbish = [
      "rubbish",
      "",
      "{",
      "null",
      "[]",
      '"text"',
      "{}",
      '{"buildId":7,"projectId":"p"}',
      '{"buildId":"b"}',
      Buffer.from([0xff, 0xfe, 0x00]),
      "x".repeat(300_000),
    ];
    const unknown = messageOf("01a00000-0000-7000-8000-000000000000");
    await inject(...rubbish, unknown);
    await waitFor(async () => (await dead()).length === rubbish.length + 1);
    await waitFor(isEmpty);
    const letters = await dead();
    expect(letters.at(-1)?.reason ?? "").toMatch(/There is no build 01a00000/);
    expect(letters.find(({ raw }) => raw === "rubbish")?.reason).toBe("The message is not JSON.");
    for (const { reason } of letters) expect(reason).not.toBe("");
    const [build] = await project.ended([await project.start()]);
    await expectOnce(build);
    expect(worker.stderr).not.toContain('"level":"fatal"');
  }, 90_000);

  it("fails a build whose snapshot does not parse any more as InvalidSpec, and goes on", async () => {
    const damage = {
      "jobs: [": "InvalidSpec",
      "on: workflow_dispatch\njobs: { count: { runs-on: ubuntu-latest, steps: [{ ruin: echo }] } }":
        "InvalidSpec",
      "": "InvalidSpec",
    };
    // Nobody may take them before they are damaged.
    expect(await worker.stop()).toBe(0);
    const cases = await Promise.all(
      Object.entries(damage).map(async ([content, code]) => ({ id: await project.start(), content, code })),
    );
    const torn = await project.start();
    for (const { id, content } of cases) await change("content", content, id);
    await change("github_json", "{ torn", torn);
    const sound = await project.start();
    worker = await startWorker();

    await project.ended([...cases.map(({ id }) => id), torn, sound]);
    for (const { id, code, content } of cases) {
      const build = await project.build(id);
      expect(build, content).toMatchObject({ status: "failed", errorCode: code });
      expect(build.error).toContain(".github/workflows/ci.yml");
    }
    const build = await project.build(torn);
    expect(build.status).toBe("failed");
    expect(build.error).not.toBe("");
    await expectOnce(await project.build(sound));
    expect(await records.query("select id from builds where owner is not null")).toMatchObject({ rows: [] });
  }, 90_000);

  async function change(column: string, value: string, buildId: string): Promise<void> {
    const changed = await records.query(
      `update build_snapshots set ${column} = $1 where build_seq = (select seq from builds where id = $2)`,
      [value, buildId],
    );
    expect(changed.rowCount).toBe(1);
  }

  it("starts three times at once over one empty database: one schema, one admin token", async () => {
    const database = await testPostgres();
    const servers: TestServer[] = [];
    try {
      const env = { DATABASE_URL: database.url };
      const started = await Promise.allSettled([1, 2, 3].map(() => cluster.server([], { env })));
      for (const result of started) if (result.status === "fulfilled") servers.push(result.value);
      expect(started.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
      expect(servers.filter(({ token }) => token !== "")).toHaveLength(1);
      const [first] = servers.filter(({ token }) => token !== "");
      for (const server of servers) {
        server.token = first?.token ?? "";
        expect((await server.api("GET", "projects")).status).toBe(200);
      }
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      const { rows } = await client.query("select count(*)::int as tokens from api_tokens");
      expect(rows).toEqual([{ tokens: 1 }]);
      await client.end();
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
      await database.dispose();
    }
  }, 120_000);
});
