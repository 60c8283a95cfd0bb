import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import type { StartedPart } from "./part.ts";
import { findProgram, installPackages } from "./programs.ts";
import { startServerProcess } from "./server-process.ts";

const PLACES = ["/usr/sbin/dockerd", "/usr/local/bin/dockerd"];

/**
 * A Docker daemon of its own beside any that the machine has: its own socket, data and bridges, no default bridge, and in
 * the machine's firewall one rule, taken away at its end. Containers on user-defined networks find each other by name and reach this machine by the
 * gateway's address; published ports are carried by a process; there is no way out to other machines.
 */
export async function startDocker(folder: string): Promise<StartedPart> {
  if (process.getuid?.() !== 0) {
    throw new Error("A Docker daemon needs root. Name one that runs in SLIPWAY_TEST_DOCKER_HOST.");
  }
  let program = findProgram("dockerd", PLACES);
  if (program === undefined) {
    installPackages(["docker.io", "iptables"]);
    program = findProgram("dockerd", PLACES);
  }
  if (program === undefined) throw new Error("Docker is installed, but dockerd is not to be found.");
  const socketPath = join(folder, "d.sock");
  const addresses = freeAddresses();
  const args = {
    host: `unix://${socketPath}`,
    "data-root": join(folder, "data"),
    "exec-root": join(folder, "exec"),
    pidfile: join(folder, "pid"),
    "config-file": join(folder, "daemon.json"),
    bridge: "none",
    iptables: "false",
    ip6tables: "false",
    "ip-forward": "false",
    "ip-masq": "false",
    // A network a job: the thirty that Docker comes with would not do.
    "default-address-pool": `base=${addresses},size=24`,
    "log-level": "warn",
  };
  mkdirSync(folder, { recursive: true });
  // Without a file of its own it takes the machine's.
  writeFileSync(args["config-file"], "{}");
  const client = new Docker({ socketPath });
  const server = await startServerProcess({
    file: program,
    args: Object.entries(args).map(([name, value]) => `--${name}=${value}`),
    cwd: folder,
    // Its helpers stand beside it, which need not be on the PATH of who is not root by login.
    env: { PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin`, TMPDIR: folder },
    isReady: async () => {
      await client.ping();
      return true;
    },
  });
  firewall("-I", addresses);
  return {
    info: { host: `unix://${socketPath}`, socketPath },
    stop: async () => {
      const bridges = await bridgesOf(client).catch(() => []);
      await emptied(client).catch(() => {});
      await server.stop();
      firewall("-D", addresses);
      for (const bridge of bridges) spawnSync("ip", ["link", "delete", bridge], { stdio: "ignore" });
      unmountBelow(folder);
      rmSync(join(folder, "data"), { recursive: true, force: true });
    },
  };
}

/** Names of interfaces of this machine that the daemon made. */
async function bridgesOf(client: Docker): Promise<readonly string[]> {
  const networks = await client.listNetworks({ filters: { driver: ["bridge"] } });
  return networks.map(({ Id }) => `br-${Id.slice(0, 12)}`);
}

/** Takes away what runs, and networks: both outlive a daemon. What cannot be removed is ended with the daemon. */
async function emptied(client: Docker): Promise<void> {
  const containers = await client.listContainers({ all: true });
  await Promise.allSettled(
    containers.map(({ Id }) => client.getContainer(Id).remove({ force: true, v: true })),
  );
  const networks = await client.listNetworks({ filters: { driver: ["bridge"] } });
  await Promise.allSettled(networks.map(({ Id }) => client.getNetwork(Id).remove()));
}

/** Where another daemon has set the machine to forward nothing, that would hold for two containers on one bridge as well. */
function firewall(change: "-I" | "-D", addresses: string): void {
  const rule = ["FORWARD", "-s", addresses, "-d", addresses, "-j", "ACCEPT"];
  spawnSync("iptables", ["-w", "10", change, ...rule], { stdio: "ignore" });
}

/** 65,536 private addresses that no route of this machine leads to. */
function freeAddresses(): string {
  const taken = new Set<number>();
  for (const line of readFileSync("/proc/net/route", "utf8").trim().split("\n").slice(1)) {
    // Little endian: the first octet of the destination is the last byte written.
    const destination = Number.parseInt(line.split("\t")[1] ?? "0", 16);
    if ((destination & 0xff) === 10) taken.add((destination >> 8) & 0xff);
  }
  const start = process.pid % 100;
  for (let tried = 0; tried < 100; tried += 1) {
    const second = 100 + ((start + tried) % 100);
    if (!taken.has(second)) return `10.${second}.0.0/16`;
  }
  throw new Error("Every network from 10.100 to 10.199 is in use on this machine.");
}

/** What a daemon that was killed left mounted; the deepest first. */
function unmountBelow(folder: string): void {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of mounts.sort((a, b) => b.length - a.length)) {
    spawnSync("umount", ["-l", path], { stdio: "ignore" });
  }
}
