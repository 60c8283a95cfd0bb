import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import type { PartInfo } from "./parts/part.ts";
import { usePart } from "./parts/use-part.ts";

export interface TestVhost {
  /** With the virtual host in it. */
  readonly url: string;
  /** Ends every connection to the virtual host from the broker's side; gives how many. */
  cutConnections(): Promise<number>;
  dispose(): Promise<void>;
}

/** A fresh virtual host on the run's RabbitMQ, or on the one `SLIPWAY_TEST_AMQP_URL` (and `…_API_URL`) names. */
export async function testRabbit(): Promise<TestVhost> {
  const info = given() ?? (await usePart(inject("partsFolder"), inject("partsOwner"), "rabbit"));
  const vhost = `slipway-${randomBytes(6).toString("hex")}`;
  await call(info, "PUT", `/vhosts/${vhost}`);
  await call(info, "PUT", `/permissions/${vhost}/guest`, { configure: ".*", write: ".*", read: ".*" });
  return {
    url: `${info.url}/${vhost}`,
    async cutConnections() {
      // Shown a few seconds late by the management API.
      const deadline = Date.now() + 15_000;
      for (;;) {
        const connections = await call(info, "GET", `/vhosts/${vhost}/connections`);
        const names = Array.isArray(connections) ? connections.map(({ name }: { name: string }) => name) : [];
        for (const name of names) await call(info, "DELETE", `/connections/${encodeURIComponent(name)}`);
        if (names.length > 0 || Date.now() > deadline) return names.length;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    dispose: async () => {
      await call(info, "DELETE", `/vhosts/${vhost}`);
    },
  };
}

export interface PrivateRabbit {
  readonly url: string;
  stop(): Promise<void>;
  /** As by `kill -9`. */
  kill(): Promise<void>;
  /** At the same address, with what it kept. */
  start(): Promise<void>;
  dispose(): Promise<void>;
}

/** A RabbitMQ of this test alone, which it may stop, kill and start again. Each start takes about 5 s. */
export async function privateRabbit(): Promise<PrivateRabbit> {
  const { startRabbit } = await import("./parts/rabbit-server.ts");
  const folder = await mkdtemp(join(tmpdir(), "slipway-rabbit-"));
  const first = await startRabbit(folder);
  let running: typeof first | undefined = first;
  const end = async (how: "stop" | "kill") => {
    const ending = running;
    running = undefined;
    await ending?.[how]();
  };
  return {
    url: first.info.url ?? "",
    stop: () => end("stop"),
    kill: () => end("kill"),
    async start() {
      running ??= await startRabbit(folder);
    },
    async dispose() {
      await end("stop");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function given(): PartInfo | undefined {
  const url = process.env.SLIPWAY_TEST_AMQP_URL;
  const api = process.env.SLIPWAY_TEST_AMQP_API_URL;
  if (url === undefined || api === undefined) return undefined;
  const { username, password } = new URL(url);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  return { url: url.replace(/\/$/, ""), api, authorization };
}

async function call(info: PartInfo, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${info.api}${path}`, {
    method,
    headers: { authorization: info.authorization ?? "", "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok && response.status !== 404)
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  const text = await response.text();
  return text === "" || !response.ok ? undefined : JSON.parse(text);
}
