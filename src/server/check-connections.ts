import { createServer } from "node:net";
import { resolve } from "node:path";
import { systemClock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import { openMasterKey } from "../identity/open-master-key.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { openDataFolder } from "./data-folder.ts";
import { openBlobs, openEvents, openQueue, openRecords } from "./engines.ts";
import { listenError } from "./listen-error.ts";
import { publicAddress } from "./public-address.ts";
import type { ConnectionCheck, ServerHost } from "./running-server.ts";

/** Tries everything that a start would need, one after the other, and closes it again. Never rejects. */
export async function checkConnections(
  config: Config,
  host: ServerHost,
): Promise<readonly ConnectionCheck[]> {
  const deps = { clock: systemClock, logger: silentLogger };
  const root = resolve(host.cwd, config.data);
  const checks: ConnectionCheck[] = [];
  const attempt = async <T>(
    name: string,
    work: () => Promise<T>,
    detail: (result: T) => string,
  ): Promise<T | undefined> => {
    try {
      const result = await work();
      checks.push({ name, detail: detail(result) });
      return result;
    } catch (error) {
      checks.push({ name, problem: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  };
  const folder = await attempt(
    "data folder",
    () => openDataFolder(root),
    () => root,
  );
  if (folder !== undefined) {
    await attempt(
      "records",
      async () => {
        const store = await openRecords(config, folder, deps);
        await store.close();
        return store.engine;
      },
      (engine) => `${engine === "sqlite" ? folder.records : "PostgreSQL"}, schema up to date`,
    );
    await attempt(
      "blobs",
      async () => {
        const masterKey = await openMasterKey(
          { value: config["master-key"], file: folder.masterKey },
          silentLogger,
        );
        const { store } = await openBlobs(config, folder, masterKey, {
          ...deps,
          publicUrl: publicAddress(config, config.listen.port),
        });
        const key = `checks/${systemClock.now()}`;
        await store.put(key, Buffer.from("slipway serve --check"));
        await store.delete(key);
        return store.name;
      },
      (name) =>
        `written and deleted again (${name === "s3" ? `S3 bucket ${config["s3.bucket"]}` : folder.blobs})`,
    );
  }
  await attempt(
    "queue",
    async () => {
      const queue = await openQueue(config, deps);
      await queue.ping();
      await queue.close();
      return queue.name;
    },
    (name) => name,
  );
  await attempt(
    "events",
    async () => {
      const events = await openEvents(config, "check", deps);
      await events.ping();
      await events.close();
      return events.name;
    },
    (name) => name,
  );
  if (config.roles.includes("worker")) {
    const places = new Set(config["worker.executors"]);
    const loaded = places.has("docker") || places.has("kubernetes") ? import("./check-places.ts") : undefined;
    for (const [name, check] of [
      ["docker", "checkDocker"],
      ["kubernetes", "checkKubernetes"],
    ] as const) {
      if (!places.has(name) || loaded === undefined) continue;
      await attempt(
        name,
        async () => (await loaded)[check](config, host),
        (detail) => detail,
      );
    }
  }
  if (config.roles.includes("pipeline")) {
    const { host: address, port } = config.listen;
    await attempt(
      "listen",
      () => tryToListen(address, port),
      () => `${address}:${port} is free`,
    );
  }
  return checks;
}

async function tryToListen(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, { host, port })));
    server.listen(port, host, resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
