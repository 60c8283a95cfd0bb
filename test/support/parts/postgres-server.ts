import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import pg from "pg";
import { freePort } from "./free-port.ts";
import type { StartedPart } from "./part.ts";
import { findProgram, installPackages, unprivileged } from "./programs.ts";
import { startServerProcess } from "./server-process.ts";

const PLACES = [
  "/usr/lib/postgresql/*/bin/initdb",
  "/usr/pgsql-*/bin/initdb",
  "/opt/homebrew/opt/postgresql@*/bin/initdb",
];

/** A PostgreSQL of its own: a fresh cluster, nothing synced to disk, so that tests are fast. */
export async function startPostgres(folder: string): Promise<StartedPart> {
  let initdb = findProgram("initdb", PLACES);
  if (initdb === undefined) {
    installPackages(["postgresql"]);
    initdb = findProgram("initdb", PLACES);
  }
  if (initdb === undefined) throw new Error("PostgreSQL is installed, but initdb is not to be found.");
  const bin = dirname(initdb);
  const as = unprivileged("postgres");
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true });
  const password = join(folder, "password");
  writeFileSync(password, "slipway\n");
  if (as !== undefined) for (const path of [folder, data]) chownSync(path, as.uid, as.gid);
  execFileSync(
    initdb,
    [
      "-D",
      data,
      "-U",
      "slipway",
      "--auth=scram-sha-256",
      `--pwfile=${password}`,
      "-N",
      "-E",
      "UTF8",
      "--locale=C.UTF-8",
    ],
    {
      stdio: ["ignore", "ignore", "pipe"],
      cwd: folder,
      ...as,
    },
  );
  const port = await freePort();
  const settings = {
    port: `${port}`,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    max_connections: "300",
    shared_buffers: "128MB",
  };
  const url = `postgresql://slipway:slipway@127.0.0.1:${port}/postgres`;
  const server = await startServerProcess({
    file: join(bin, "postgres"),
    args: ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    cwd: folder,
    as,
    isReady: async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.end();
      return true;
    },
    // Fast shutdown: it does not wait for clients.
    stopSignal: "SIGINT",
  });
  return { info: { url, port: `${port}` }, stop: () => server.stop() };
}
