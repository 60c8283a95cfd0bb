// `slipway serve` where something is wrong: it says what, and does not start. And what it leaves behind: nothing.

import { createServer } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../support/parts/free-port.ts";
import { testPostgres } from "../support/postgres.ts";
import { testRabbit } from "../support/rabbit.ts";
import { TestServer } from "../support/server.ts";
import { type Ran, Sandbox, slipway } from "../support/slipway.ts";

const LIMIT_MS = 60_000;
const SPLIT = {
  SLIPWAY_SERVICE_TOKEN: "s".repeat(32),
  SLIPWAY_MASTER_KEY: Buffer.alloc(32, 7).toString("base64"),
};

let box: Sandbox;
beforeAll(() => {
  box = new Sandbox();
});
afterAll(() => box[Symbol.dispose]());

const serve = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  slipway(["serve", "--listen", "127.0.0.1:0", ...args], { cwd: box.path, env });

/** It must end by itself, with words for people and no trace of a stack. */
function refused(ran: Ran, code: number, ...parts: readonly (string | RegExp)[]): void {
  expect(ran.code, ran.stderr).toBe(code);
  const said = ran.stderr
    .split("\n")
    .filter((line) => !line.startsWith("{"))
    .join("\n");
  for (const part of parts) expect(said).toMatch(part);
  expect(said).not.toMatch(/itself failed|^\s+at /m);
}

it(
  "tells every mistake of slipway.yaml and of the command line at once, with where it stands",
  async () => {
    box.write({
      "slipway.yaml": "lisen: 1\nlimits:\n  jobs: many\nroles: [worker, boss]\ndatabase:\n  url: mysql://x\n",
      "torn.yaml": "listen: [\nservice-token: hidden-token\n",
    });
    refused(
      await slipway(["serve", "--worker-lease", "soon"], { cwd: box.path }),
      2,
      /lisen.*did you mean listen/,
      /limits\.jobs/,
      /boss/,
      /database\.url/,
      /worker\.lease/,
    );
    const torn = await serve(["--config", "torn.yaml"]);
    refused(torn, 2, /torn\.yaml:\d+: this is not valid YAML/);
    expect(torn.stderr).not.toContain("hidden-token");
    refused(await serve(["--config", "none.yaml"]), 2, /none\.yaml cannot be read/);
    refused(
      await serve(["--config", "/dev/null", "--roles", "worker"]),
      2,
      /database\.url/,
      /queue\.url/,
      /service-token/,
      /master-key/,
      /url is needed/,
    );
  },
  LIMIT_MS,
);

it(
  "names the port that another program has, and still shows the admin token when it can start",
  async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    const args = ["serve", "--config", "/dev/null", "--data", "taken", "--listen", `127.0.0.1:${port}`];
    refused(
      await slipway(args, { cwd: box.path }),
      1,
      `Cannot listen on 127.0.0.1:${port}: another program listens there`,
    );
    const check = await slipway([...args, "--check"], { cwd: box.path });
    expect(check.code).toBe(1);
    expect(check.stdout).toMatch(/FAIL {2}listen: .*another program listens there/);
    await new Promise((resolve) => taken.close(resolve));
    const folder = { folder: box.path, env: { SLIPWAY_DATA: "taken", SLIPWAY_CONFIG: "/dev/null" } };
    await using server = await TestServer.start(folder);
    expect(server.loginLink).toMatch(/\/login\?code=/);
  },
  LIMIT_MS,
);

it(
  "names a data folder that cannot be used, and a SQLite file of another process",
  async () => {
    box.write({ "a-file": "" });
    refused(
      await serve(["--config", "/dev/null", "--data", "a-file/data"]),
      1,
      /data folder .*a-file\/data cannot be used/,
    );
    const folder = { folder: box.path, env: { SLIPWAY_DATA: "locked", SLIPWAY_CONFIG: "/dev/null" } };
    await using _server = await TestServer.start(folder);
    refused(
      await serve(["--config", "/dev/null", "--data", "locked"]),
      1,
      /slipway\.db/,
      /another process|is used|locked/,
    );
  },
  LIMIT_MS,
);

it(
  "refuses records of a newer version",
  async () => {
    const folder = { folder: box.path, env: { SLIPWAY_DATA: "newer", SLIPWAY_CONFIG: "/dev/null" } };
    const server = await TestServer.start(folder);
    expect(await server.stop()).toBe(0);
    const records = new DatabaseSync(box.join("newer/slipway.db"));
    records.exec("insert into schema_migrations (name, at) values ('9999-of-tomorrow', 1)");
    records.close();
    refused(await serve(["--config", "/dev/null", "--data", "newer"]), 1, /newer/);
  },
  LIMIT_MS,
);

it(
  "says which of its parts cannot be reached, without the passwords",
  async () => {
    const database = await testPostgres();
    const rabbit = await testRabbit();
    try {
      const wrongPassword = new URL(rabbit.url);
      wrongPassword.password = "wrong-password";
      const noDatabase = new URL(database.url);
      noDatabase.pathname = "/there_is_none";
      const gone = `127.0.0.1:${await freePort()}`;
      const env = { ...SPLIT, SLIPWAY_CONFIG: "/dev/null", SLIPWAY_DATA: "parts" };
      for (const [name, settings, part] of [
        [
          "nobody listens",
          { DATABASE_URL: `postgres://slipway:hidden-password@${gone}/ci` },
          /PostgreSQL.*127\.0\.0\.1/,
        ],
        ["no such database", { DATABASE_URL: noDatabase.href }, /there_is_none/],
        [
          "wrong password of the queue",
          { DATABASE_URL: database.url, AMQP_URL: wrongPassword.href },
          /RabbitMQ|password/,
        ],
      ] as const) {
        const ran = await serve([], { ...env, ...settings });
        refused(ran, 1, part);
        expect(ran.stdout + ran.stderr, name).not.toMatch(/wrong-password|hidden-password/);
      }
      const check = await serve(["--check"], {
        ...env,
        DATABASE_URL: database.url,
        AMQP_URL: wrongPassword.href,
      });
      expect(check.code).toBe(1);
      expect(check.stdout).toMatch(/ok {4}records: PostgreSQL, schema up to date/);
      expect(check.stdout).toMatch(/FAIL {2}queue: /);
      expect(check.stdout + check.stderr).not.toContain("wrong-password");
    } finally {
      await Promise.all([database.dispose(), rabbit.dispose()]);
    }
  },
  LIMIT_MS,
);

it(
  "shows the effective settings and where they come from, secrets hidden",
  async () => {
    box.write({ "good.yaml": "limits:\n  jobs: 7\n" });
    const env = { ...SPLIT, SLIPWAY_LOG_LEVEL: "warn" };
    const args = ["--config", "good.yaml", "--data", "checked", "--check"];
    const text = await serve([...args, "--stop-timeout", "5s"], env);
    expect(text).toMatchObject({ code: 0, stderr: "" });
    for (const line of [
      /limits\.jobs +7 +\(good\.yaml\)/,
      /log-level +warn +\(\$SLIPWAY_LOG_LEVEL\)/,
      /stop-timeout +5s.*\(--stop-timeout\)/,
      /limits\.builds +1000 +\(default\)/,
    ])
      expect(text.stdout).toMatch(line);
    for (const secret of Object.values(SPLIT)) expect(text.stdout).not.toContain(secret);
    const json = JSON.parse((await serve([...args, "--json"], env)).stdout);
    expect(json).toMatchObject({ version: 1, ok: true });
    expect(json.connections.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(["data folder", "records", "blobs", "queue", "events", "listen"]),
    );
    for (const secret of Object.values(SPLIT)) expect(JSON.stringify(json)).not.toContain(secret);
  },
  LIMIT_MS,
);

it(
  "ends with 0 on SIGTERM, and starts again with what it kept, without a token or a link",
  async () => {
    const folder = { folder: box.path, env: { SLIPWAY_DATA: "again", SLIPWAY_CONFIG: "/dev/null" } };
    const first = await TestServer.start(folder);
    expect(first.token).toMatch(/^slw_/);
    await first.ok("POST", "projects", { name: "kept", repositoryUrl: box.repository("kept", {}) });
    expect(await first.stop()).toBe(0);
    await using second = await TestServer.start(folder);
    expect([second.token, second.loginLink]).toEqual(["", ""]);
    second.token = first.token;
    expect(await second.ok("GET", "projects")).toMatchObject({ items: [{ name: "kept" }] });
  },
  LIMIT_MS,
);
