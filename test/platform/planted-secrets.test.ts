// Secrets that are set on a server and used in a build in every way that comes to mind: of all the bytes that servers
// write, send and answer, none may hold one.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { each, FORBIDDEN, indent, NAMES, printing, SECRETS } from "../support/planted-secrets.ts";
import { TestServer, waitFor } from "../support/server.ts";
import { Sandbox, slipway } from "../support/slipway.ts";
import { unzip } from "../support/unzip.ts";
import { type Build, Cluster, jobOf } from "./survival.fixture.ts";

/** No secret, and said beside them: where this is found, a secret would have been. */
const MARKER = "lighthouse-in-plain-sight-8231";

const PIPELINE = `
on: { workflow_dispatch: { inputs: { word: { default: '' } } } }
run-name: Prints \${{ vars.MARKER }}
env:
${each((name) => `  ${name}: \${{ secrets.${name} }}`)}
jobs:
  prints:
    name: prints \${{ vars.MARKER }}
    runs-on: ubuntu-latest
    environment:
      name: production
      url: https://example.org/\${{ steps.print.outputs.out }}/\${{ vars.MARKER }}
    outputs:
      leaked: \${{ steps.print.outputs.out }}
      joined: a-\${{ secrets.PLAIN }}-b
      encoded: \${{ steps.encode.outputs.encoded }}
      marker: \${{ vars.MARKER }}
    steps:
      - id: print
        name: Prints \${{ secrets.PLAIN }} and \${{ secrets.LINES }}
        env: { GREETING: 'hello \${{ secrets.UNICODE }}' }
        run: |
          echo ${MARKER}
${indent(printing(), 10)}
      - id: encode
        name: In the script itself
        run: |
          echo '\${{ toJSON(secrets.SPECIAL) }}' || true
          echo "\${{ secrets.PLAIN }}"
          # \${{ toJSON(env.JSON) }}
          env | sort
          echo "encoded=$(printf '%s' "$PLAIN" | base64)" >> "$GITHUB_OUTPUT"
          echo "FROM_FILE=$PLAIN" >> "$GITHUB_ENV"
          echo "# ${MARKER}" >> "$GITHUB_STEP_SUMMARY"
          echo "::warning::${MARKER}"
      - name: From the file of variables
        if: always()
        run: echo "$FROM_FILE" | rev | rev
      - name: Split across steps, part one
        if: always()
        run: printf '%s' "\${PLAIN:0:8}"
      - name: Split across steps, part two
        if: always()
        run: printf '%s\\n' "\${PLAIN:8}"
      - name: Only here
        if: always()
        run: echo "\${{ secrets.SCOPED }}" && echo "length \${#SCOPED}"
        env: { SCOPED: '\${{ secrets.SCOPED }}' }
      - if: always()
        uses: actions/upload-artifact@v7
        with: { name: 'art-\${{ secrets.PLAIN }}', path: no-such-file }
      - if: always()
        run: exit 1
        working-directory: /nowhere/\${{ secrets.PLAIN }}
      - if: always()
        name: fails
        run: echo "$PLAIN" >&2; "\${{ secrets.PLAIN }}"
      - if: always()
        uses: ./actions/missing
        with: { key: '\${{ secrets.UNICODE }}' }
      - if: always() && fromJSON(env.PLAIN)
        run: echo
      - name: masked at run time
        if: always()
        run: |
          echo "::add-mask::run-time-""value-99"
          echo "run-time-""value-99" | tee made
          base64 made
  hears:
    needs: prints
    if: always()
    runs-on: ubuntu-latest
    steps:
      - run: echo '\${{ toJSON(needs) }}'; exit 3
  called:
    if: always()
    needs: prints
    uses: ./.github/workflows/called.yml
    secrets: { handed: '\${{ secrets.PLAIN }}' }
    with: { word: '\${{ needs.prints.outputs.joined }}' }
`;
const CALLED = `
on: { workflow_call: { secrets: { handed: {} }, inputs: { word: { type: string } } } }
jobs: { inner: { name: 'inner \${{ inputs.word }}', runs-on: ubuntu-latest, steps: [{ run: 'echo "\${{ secrets.handed }} \${{ inputs.word }}"' }] } }
`;
/** Of the environment alone. */
const SCOPED = "anchor-of-production-5093";
const ALL_FORBIDDEN = [...FORBIDDEN, ["SCOPED", SCOPED] as const, ["run time", "run-time-value-99"] as const];

/** Notes what is sent to it: webhooks, traces. */
async function listener() {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    request.on("data", (chunk: Buffer) => bodies.push(chunk));
    request.on("end", () => response.writeHead(200, { "content-type": "application/json" }).end("{}"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    text: () => Buffer.concat(bodies).toString("utf8"),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** `short`: also those of few letters, which may stand by chance in what is no text. */
function expectNothing(where: string, written: string | Buffer, short = true): void {
  // Bytes as they are, whatever they mean: each UTF-8 byte is one character, on both sides.
  const bytes = typeof written === "string" ? Buffer.from(written) : written;
  for (const [name, text] of ALL_FORBIDDEN) {
    const form = Buffer.from(text);
    if (!short && form.length < 8) continue;
    const at = bytes.indexOf(form);
    const found = at < 0 ? "" : bytes.toString("utf8", Math.max(0, at - 300), at + form.length + 40);
    expect(found, `${name} as ${text} in ${where}`).toBe("");
  }
}

/** A control: what was printed beside the secrets did get there. */
function expectMarker(where: string, written: string | Buffer): void {
  expect(Buffer.from(written).includes(MARKER), `${MARKER} in ${where}`).toBe(true);
}

async function setUp(
  server: TestServer,
  sandbox: Sandbox,
  hook: string,
): Promise<{ id: string; build: Build }> {
  const repositoryUrl = sandbox.repository("repository", {
    ".github/workflows/ci.yml": PIPELINE,
    ".github/workflows/called.yml": CALLED,
  });
  const { id } = await server.ok<{ id: string }>("POST", "projects", { name: "harbour", repositoryUrl });
  await server.ok("POST", `projects/${id}/webhooks`, { url: `${hook}/hook` });
  await server.ok("PUT", `projects/${id}/variables/MARKER`, { value: MARKER });
  // One by the command line, the others as programs set them.
  const [first = "", ...others] = NAMES;
  const set = await slipway(["secret", "set", first, "--project", "harbour"], {
    cwd: sandbox.path,
    stdin: SECRETS[first] ?? "",
    env: { SLIPWAY_SERVER: server.address, SLIPWAY_TOKEN: server.token },
  });
  expect(set.code, set.stderr).toBe(0);
  expectNothing("what the command says", set.stdout + set.stderr);
  for (const name of others) {
    await server.ok("PUT", `projects/${id}/secrets/${name}`, { value: SECRETS[name] });
  }
  await server.ok("PUT", `projects/${id}/secrets/SCOPED?environment=production`, { value: SCOPED });
  const started = await server.ok<Build>("POST", `projects/${id}/pipelines`, {
    pipeline: ".github/workflows/ci.yml",
  });
  const path = `projects/${id}/pipelines/${started.id}`;
  await waitFor(
    async () => /succeeded|failed|cancelled/.test((await server.ok<Build>("GET", path)).status),
    90_000,
    () => `the build has not ended\n${server.stderr.slice(-3_000)}`,
  );
  await waitFor(
    async () => (await server.ok<Build>("GET", path)).jobs.every(isSealed),
    30_000,
    () => "the logs have not become blobs",
  );
  const build = await server.ok<Build>("GET", path);
  expect(build.status).toBe("failed");
  return { id, build };
}

function isSealed({ steps }: Build["jobs"][number]): boolean {
  return steps.every(({ log }) => log.kept === "blob" || log.sizeBytes === 0);
}

/** Everything that the API says of the build, its events and its archive of logs included. */
async function answers(server: TestServer, sandbox: Sandbox, id: string, build: Build): Promise<string> {
  const base = `projects/${id}/pipelines/${build.id}`;
  const paths = [
    "",
    "/jobs",
    "/attempts",
    "/artifacts",
    ...build.jobs.map((job) => `/jobs/${job.id}/logs`),
    ...build.jobs.map((job) => `/jobs/${job.id}/logs?timestamps=true&ansi=strip`),
  ].map((path) => `${base}${path}`);
  paths.push(
    ...["", "/secrets", "/variables", "/webhooks", "/pipelines", "/definitions", "/schedules", "/caches"].map(
      (path) => `projects/${id}${path}`,
    ),
    ...["queue", "projects", "tokens", `builds/${build.id}`, `builds/${build.id}/graph`, "openapi.json"],
    ...["/metrics", "/readyz", `/projects/${id}/builds/${build.id}`, "/"],
  );
  const said: string[] = [];
  for (const path of paths) said.push(path, await (await server.fetch(path)).text());
  const steps = build.jobs.flatMap((job) => job.steps);
  for (const step of steps) {
    for (const accept of ["text/plain", "text/event-stream"]) {
      const response = await server.fetch(step.log.url, { headers: { accept } });
      said.push(step.log.url, await response.text());
    }
  }
  const { items } = await server.ok<{ items: readonly { id: string }[] }>("GET", `projects/${id}/webhooks`);
  for (const hook of items)
    said.push(await (await server.fetch(`projects/${id}/webhooks/${hook.id}/deliveries`)).text());
  const zip = sandbox.join("logs.zip");
  writeFileSync(zip, Buffer.from(await (await server.fetch(`${base}/logs.zip`)).arrayBuffer()));
  for (const [name, bytes] of unzip(zip)) said.push(name, bytes.toString("utf8"));
  for (const command of [["builds"], ["logs", build.id], ["watch", build.id], ["secret", "list"]]) {
    const ran = await slipway([...command, "--project", "harbour"], {
      cwd: sandbox.path,
      env: { SLIPWAY_SERVER: server.address, SLIPWAY_TOKEN: server.token },
    });
    said.push(command.join(" "), ran.stdout, ran.stderr);
  }
  return said.join("\n");
}

function expectMasked(build: Build): void {
  const job = jobOf(build, "prints");
  expect(job.outputs).toMatchObject({ marker: MARKER });
  expect(JSON.stringify(build)).toContain("***");
  expect(job.steps.find(({ name }) => name === "fails")?.status).toBe("failed");
  expect(job.steps.filter(({ status }) => status === "skipped")).toEqual([]);
}

/** Names and bytes of every file below a folder. */
function* files(folder: string): Generator<readonly [string, Buffer]> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    yield [path, entry.isFile() ? readFileSync(path) : Buffer.alloc(0)];
  }
}

function expectNothingInFiles(folder: string, marked: RegExp): void {
  let found = 0;
  for (const [path, bytes] of files(folder)) {
    expectNothing("the names of files", path);
    expectNothing(path, bytes, false);
    if (marked.test(path) && bytes.includes(MARKER)) found += 1;
  }
  expect(found, `files ${marked} with ${MARKER}`).toBeGreaterThan(0);
}

describe("no planted secret is", () => {
  describe("on the embedded default", () => {
    const sandbox = new Sandbox();
    const log: string[] = [];
    let hook: Awaited<ReturnType<typeof listener>>;
    let said = "";
    let bodies = "";

    beforeAll(async () => {
      hook = await listener();
      const env = {
        SLIPWAY_LOG_LEVEL: "debug",
        SLIPWAY_ACTIONS_OFFLINE: "true",
        SLIPWAY_TRACES_URL: hook.url,
      };
      const server = await TestServer.start({ folder: sandbox.path, env });
      try {
        const { id, build } = await setUp(server, sandbox, hook.url);
        expectMasked(build);
        said = await answers(server, sandbox, id, build);
        await waitFor(() => hook.text().includes("build.failure"));
        // While it runs: what is only in the write-ahead log, and in no file yet.
        expectNothingInFiles(sandbox.join("data"), /slipway\.db-wal$/);
      } finally {
        expect(await server.stop()).toBe(0);
        log.push(server.stdout, server.stderr);
        bodies = hook.text();
        hook.close();
      }
    }, 180_000);
    afterAll(() => sandbox[Symbol.dispose]());

    it("in the records, the blobs, or any other file of the data folder", () => {
      expectNothingInFiles(sandbox.join("data"), /slipway\.db$/);
      expectNothingInFiles(sandbox.join("data"), /blobs\/.*\.log/);
    });
    it("in the server's log, at its most talkative", () => {
      expect(log.join("")).toContain('"level":"debug"');
      expectNothing("the log", log.join("\n"));
    });
    it("in an answer of the API, or what the command line shows", () => {
      expectMarker("the answers", said);
      expectNothing("the answers", said);
    });
    it("in a webhook or a trace", () => {
      expectMarker("the bodies", bodies);
      expect(bodies).toContain("slipway");
      expectNothing("the bodies", bodies);
    });
  });

  describe("on PostgreSQL, RabbitMQ and S3", () => {
    const wire = new Map<string, Buffer[]>();
    const log: string[] = [];
    let cluster: Cluster;
    let said = "";
    let rows = "";

    beforeAll(async () => {
      cluster = await Cluster.start((part, stream, bytes) => {
        const key = `${part}${stream}`;
        const chunks = wire.get(key) ?? [];
        wire.set(key, chunks);
        chunks.push(Buffer.from(bytes));
      });
      const hook = await listener();
      try {
        const server = await cluster.server([], { env: { SLIPWAY_LOG_LEVEL: "debug" } });
        const { id, build } = await setUp(server, cluster.sandbox, hook.url);
        expectMasked(build);
        said = await answers(server, cluster.sandbox, id, build);
        rows = await everyRow(cluster.database.url);
        expect(await server.stop()).toBe(0);
        log.push(server.stdout, server.stderr);
      } finally {
        hook.close();
      }
    }, 180_000);
    afterAll(() => cluster?.[Symbol.asyncDispose]());

    /** All that was ever said to it and by it. */
    const saidTo = (part: string) =>
      [...wire].filter(([key]) => key.startsWith(part)).map(([, chunks]) => Buffer.concat(chunks));

    it("in a row of PostgreSQL", () => {
      expectMarker("the rows", rows);
      expectNothing("the rows", rows);
    });
    it.each(["postgres", "amqp", "http"])("in a byte that goes over %s", (part) => {
      const streams = saidTo(part);
      for (const bytes of streams) expectNothing(part, bytes, false);
      if (part !== "amqp") expectMarker(part, Buffer.concat(streams));
      else expect(Buffer.concat(streams).includes("build.changed")).toBe(true);
    });
    it("in an answer of the API, the server's log, or its folder", () => {
      expectMarker("the answers", said);
      expectNothing("the answers", said);
      expectNothing("the log", log.join("\n"));
      for (const [path, bytes] of files(cluster.sandbox.join("server-1"))) expectNothing(path, bytes, false);
    });
  });
});

/** Every value of every table, bytes as text. */
async function everyRow(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      "select format('%I.%I', table_schema, table_name) as name from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')",
    );
    const all: string[] = [];
    for (const { name } of tables.rows) {
      for (const row of (await client.query(`select * from ${name}`)).rows as object[]) {
        for (const value of Object.values(row))
          all.push(Buffer.isBuffer(value) ? value.toString("utf8") : String(value));
      }
    }
    return all.join("\n");
  } finally {
    await client.end();
  }
}
