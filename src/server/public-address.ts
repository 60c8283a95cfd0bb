import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import type { Address } from "../config/setting.ts";
import type { Config } from "../config/settings.ts";

/** The port to listen on: the given one, or for 0 one that is free now. It must be known before jobs are told of it. */
export async function portToListen({ host, port }: Address): Promise<number> {
  if (port !== 0) return port;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return free;
}

/** How people and jobs reach the API, without a slash at the end: `url`, else where it listens. */
export function publicAddress(config: Pick<Config, "url" | "listen">, port: number): string {
  if (config.url !== undefined) return config.url.replace(/\/+$/, "");
  const { host } = config.listen;
  // Everywhere is nowhere to go to; jobs of this machine reach it here.
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
