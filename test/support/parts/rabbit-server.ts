import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import type { StartedPart } from "./part.ts";
import { findProgram, installPackages, unprivileged } from "./programs.ts";
import { startServerProcess } from "./server-process.ts";

const PLACES = ["/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server"];

export interface StartedRabbit extends StartedPart {
  /** As by `kill -9`. */
  kill(): Promise<void>;
}

/**
 * A RabbitMQ of its own, with its management API, by which tests make virtual hosts and cut connections. In a folder of
 * one that was stopped or killed it is that one again: at its address, with what it kept.
 */
export async function startRabbit(folder: string): Promise<StartedRabbit> {
  let program = findProgram("rabbitmq-server", PLACES);
  if (program === undefined) {
    installPackages(["rabbitmq-server"]);
    program = findProgram("rabbitmq-server", PLACES);
  }
  if (program === undefined)
    throw new Error("RabbitMQ is installed, but rabbitmq-server is not to be found.");
  const { port, distribution, epmd, management } = await portsOf(folder);
  const as = unprivileged("rabbitmq");
  const at = (name: string) => join(folder, name);
  mkdirSync(at("home"), { recursive: true });
  writeFileSync(at("enabled_plugins"), "[rabbitmq_management].\n");
  writeFileSync(
    at("rabbitmq.conf"),
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      "management.tcp.ip = 127.0.0.1",
      `management.tcp.port = ${management}`,
      "loopback_users = none",
      "log.console.level = warning",
      "vm_memory_high_watermark.absolute = 2GB",
      "disk_free_limit.absolute = 50MB",
      "",
    ].join("\n"),
  );
  // The cookie: Erlang wants it readable by nobody else.
  const cookie = at("home/.erlang.cookie");
  if (!existsSync(cookie)) writeFileSync(cookie, `SLIPWAY${port}${distribution}`, { mode: 0o400 });
  if (as !== undefined) {
    for (const name of [".", "home", "home/.erlang.cookie", "enabled_plugins", "rabbitmq.conf"])
      chownSync(at(name), as.uid, as.gid);
  }
  const api = `http://127.0.0.1:${management}/api`;
  const authorization = `Basic ${Buffer.from("guest:guest").toString("base64")}`;
  // The node starts a port mapper that outlives it.
  const endMapper = () => {
    const mapper = findProgram("epmd", ["/usr/lib/erlang/erts-*/bin/epmd"]);
    if (mapper !== undefined) spawnSync(mapper, ["-port", `${epmd}`, "-kill"], { stdio: "ignore" });
  };
  const server = await startServerProcess({
    file: program,
    args: [],
    cwd: folder,
    as,
    env: {
      HOME: at("home"),
      RABBITMQ_NODENAME: `slipway-${port}@localhost`,
      RABBITMQ_DIST_PORT: `${distribution}`,
      ERL_EPMD_PORT: `${epmd}`,
      ERL_EPMD_ADDRESS: "127.0.0.1",
      // Everything on loopback; and one process as its own small cluster needs few schedulers.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2",
      RABBITMQ_MNESIA_BASE: at("mnesia"),
      RABBITMQ_LOG_BASE: at("log"),
      RABBITMQ_LOGS: "-",
      RABBITMQ_CONFIG_FILE: at("rabbitmq.conf"),
      RABBITMQ_CONF_ENV_FILE: at("none"),
      RABBITMQ_ENABLED_PLUGINS_FILE: at("enabled_plugins"),
      RABBITMQ_PID_FILE: at("pid"),
    },
    isReady: async () => {
      const response = await fetch(`${api}/healthchecks/node`, { headers: { authorization } });
      if (response.ok) return true;
      const alive = await fetch(`${api}/overview`, { headers: { authorization } });
      return alive.ok;
    },
  }).catch((error) => {
    endMapper();
    throw error;
  });
  return {
    info: { port: `${port}`, api, authorization, url: `amqp://guest:guest@127.0.0.1:${port}` },
    stop: async () => {
      await server.stop();
      endMapper();
    },
    kill: async () => {
      await server.stop("SIGKILL");
      endMapper();
    },
  };
}

interface Ports {
  readonly port: number;
  readonly distribution: number;
  readonly epmd: number;
  readonly management: number;
}

/** The node's name, and with it what it keeps, goes by its port. */
async function portsOf(folder: string): Promise<Ports> {
  const file = join(folder, "ports.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  const [port, distribution, epmd, management] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const ports: Ports = { port, distribution, epmd, management };
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}
