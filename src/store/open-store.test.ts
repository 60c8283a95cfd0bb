import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TestDatabase, testPostgres } from "../../test/support/postgres.ts";
import { systemClock } from "../clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { openStore, type StoreOptions } from "./open-store.ts";

const deps = { clock: systemClock, logger: silentLogger };
const program = fileURLToPath(new URL("testing/open-and-hold.ts", import.meta.url));

/** A process of its own that opens a store; resolves with what it says. */
async function openElsewhere(
  options: StoreOptions,
  as: { uid?: number } = {},
): Promise<{ said: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ["pipe", "pipe", "inherit"],
    ...as,
  });
  const [said] = await once(child.stdout, "data");
  return { said: `${said}`.trim(), child };
}

async function end({ child }: { child: ChildProcess }, signal?: NodeJS.Signals): Promise<void> {
  const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
  if (signal === undefined) child.stdin?.end();
  else child.kill(signal);
  await ended;
}

describe("opening a SQLite file", () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-open-"));
    file = join(folder, "deep", "er", "slipway.db");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const open = () => openStore({ kind: "sqlite", file }, deps);

  it("makes it and its folder, and finds everything again", async () => {
    const first = await open();
    await first.access.claimFirstStart(1);
    await first.close();
    await first.close();
    const second = await open();
    expect(await second.access.claimFirstStart(2)).toBe(false);
    await second.close();
  });

  it("is refused while another process has it, and possible once that one is killed", async () => {
    const other = await openElsewhere({ kind: "sqlite", file });
    expect(other.said).toBe("open");
    const refused = expect(open()).rejects;
    await refused.toMatchObject({
      code: "Permanent",
      message: expect.stringContaining("locked by another process"),
    });
    await expect(open()).rejects.toThrow(file);
    await end(other, "SIGKILL");
    await (await open()).close();
  });

  it("is refused to one of two processes that start at once", async () => {
    const both = await Promise.all([1, 2].map(() => openElsewhere({ kind: "sqlite", file })));
    try {
      expect(both.filter(({ said }) => said === "open")).toHaveLength(1);
      expect(
        both.filter(({ said }) => said.startsWith("Permanent:") && said.includes("locked")),
      ).toHaveLength(1);
    } finally {
      for (const each of both) await end(each);
    }
  });

  it("is refused while a foreign program writes in it", async () => {
    await (await open()).close();
    const foreign = new DatabaseSync(file);
    foreign.exec("begin exclusive");
    await expect(open()).rejects.toMatchObject({
      code: "Permanent",
      message: expect.stringContaining("locked"),
    });
    foreign.close();
    await (await open()).close();
  });

  it("is refused where its schema is newer than the program", async () => {
    await (await open()).close();
    const later = new DatabaseSync(file);
    later.exec("insert into schema_migrations (name, at) values ('9999-from-the-future', 1)");
    later.close();
    await expect(open()).rejects.toMatchObject({
      code: "Permanent",
      message: expect.stringMatching(/newer than this program.*9999-from-the-future/),
    });
  });

  it("is refused where it is no SQLite file", async () => {
    await mkdir(join(folder, "deep", "er"), { recursive: true });
    await writeFile(file, "some text that is not a database at all ".repeat(100));
    await expect(open()).rejects.toMatchObject({
      code: "Permanent",
      message: expect.stringContaining("not a database"),
    });
  });

  it("is refused where its folder cannot be", async () => {
    await writeFile(join(folder, "deep"), "");
    await expect(open()).rejects.toMatchObject({
      code: "Permanent",
      message: expect.stringContaining(`cannot open ${file}`),
    });
  });

  it("is refused where the folder may not be written", async () => {
    const closed = join(folder, "deep", "er");
    await mkdir(closed, { recursive: true });
    await chmod(folder, 0o755);
    await chmod(closed, 0o555);
    // The superuser may write anywhere: then it is somebody else who tries.
    const other = await openElsewhere(
      { kind: "sqlite", file },
      process.getuid?.() === 0 ? { uid: 65_534 } : {},
    );
    await end(other);
    expect(other.said).toMatch(/^Permanent: .*cannot open .*slipway\.db/);
    await chmod(closed, 0o755);
  });

  it("is over when it is closed: calls are refused as Transient", async () => {
    const store = await open();
    await store.close();
    await expect(store.ping()).rejects.toMatchObject({ code: "Transient" });
    await expect(store.builds.get("x")).rejects.toMatchObject({ code: "Transient" });
    await expect(
      store.logs.seal({ type: "step", id: "x" }, { sizeBytes: 1, sha256: "" }),
    ).rejects.toMatchObject({
      code: "Transient",
    });
  });
});

describe("opening PostgreSQL", () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await testPostgres();
  });
  afterEach(() => database.dispose());
  const open = (url: string) => openStore({ kind: "postgres", url }, deps);

  it("makes the schema once, however many processes start at once", async () => {
    const all = await Promise.all(
      [1, 2, 3].map(() => openElsewhere({ kind: "postgres", url: database.url })),
    );
    try {
      expect(all.map(({ said }) => said)).toEqual(["open", "open", "open"]);
    } finally {
      for (const each of all) await end(each);
    }
    const store = await open(database.url);
    expect(await store.builds.counts()).toEqual({ pending: 0, queued: 0, running: 0 });
    await store.close();
  });

  it("is refused where its schema is newer than the program", async () => {
    await (await open(database.url)).close();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query("insert into schema_migrations (name, at) values ('9999-from-the-future', 1)");
    await client.end();
    await expect(open(database.url)).rejects.toMatchObject({
      code: "Permanent",
      message: expect.stringContaining("newer than this program"),
    });
  });

  it("leaves nothing behind where a step of the schema fails", async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query("create table webhooks (id text)");
    await expect(open(database.url)).rejects.toMatchObject({ code: "Permanent" });
    const { rows } = await client.query(
      "select table_name from information_schema.tables where table_schema = 'public'",
    );
    expect(rows).toEqual([{ table_name: "webhooks" }]);
    await client.end();
  });

  const wrong: [
    string,
    Partial<Pick<URL, "pathname" | "username" | "password" | "hostname" | "port">>,
    string,
    string,
  ][] = [
    ["database", { pathname: "/not-there", password: "slipway" }, "Permanent", "not-there"],
    ["user", { username: "nobody-here" }, "Permanent", "nobody-here"],
    ["password", {}, "Permanent", "password authentication failed"],
    ["host", { hostname: "no-such-host.invalid" }, "Permanent", "no-such-host.invalid"],
    ["port", { port: "1" }, "Transient", "ECONNREFUSED"],
  ];
  it.each(wrong)(
    "is refused with the wrong %s, and never shows the password",
    async (_, change, code, text) => {
      const url = Object.assign(new URL(database.url), { password: "s3cret-word" }, change).href;
      const error = await open(url).catch((each: unknown) => each);
      expect(error).toMatchObject({ code, message: expect.stringContaining(text) });
      expect(`${error}`).not.toContain("s3cret-word");
    },
  );

  it.each(["", "nonsense", "mysql://x/y", "/var/lib/slipway.db"])(
    "is refused with the address %j",
    async (url) => {
      await expect(open(url)).rejects.toMatchObject({
        code: "Permanent",
        message: expect.stringContaining("postgres://name:password@host:5432/database"),
      });
    },
  );

  it("is refused by a server that speaks something else", async () => {
    const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await expect(open(`postgres://a:b@127.0.0.1:${port}/c`)).rejects.toMatchObject({ name: "ExecError" });
    server.close();
  });

  it("comes back by itself when its connections are cut", async () => {
    const store = await open(database.url);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await Promise.all(Array.from({ length: 5 }, () => store.builds.counts()));
    const slow = store.builds.get("x").catch((error: unknown) => error);
    await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    const outcome = await slow;
    expect(["Transient", "NotFound"]).toContain((outcome as { code: string }).code);
    await client.end();
    // A connection that was cut while idle may be found out by the call that wants it: Transient, and good the next time.
    await expect
      .poll(() =>
        store.builds.counts().then(
          (counts) => counts.running,
          (error: { code: string }) => error.code,
        ),
      )
      .toBe(0);
    await store.close();
    await expect(store.ping()).rejects.toMatchObject({ code: "Transient" });
    await expect(store.projects.deleteProject("x")).rejects.toMatchObject({ code: "Transient" });
  });
});
