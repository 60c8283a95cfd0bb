import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "./parts/free-port.ts";
import type { StartedPart } from "./parts/part.ts";
import { findProgram, installPackages } from "./parts/programs.ts";
import { type ServerProcess, startServerProcess } from "./parts/server-process.ts";

export interface SwiftServer {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Everything it runs has ended. Idempotent. What it stored stays: `startSwift` of the same folder serves it again. */
  stop(): Promise<void>;
}

export interface SwiftOptions {
  /** Default: a free one. Given to start it again where clients know it. */
  readonly port?: number;
}

const PACKAGES = ["swift-proxy", "swift-account", "swift-container", "swift-object", "memcached"];
const KINDS = ["account", "container", "object"] as const;
const REGION = "us-east-1";
const ACCOUNT = { accessKeyId: "slipway:tests", secretAccessKey: "not-a-secret" };

/**
 * A real S3 server for tests: OpenStack Swift with its S3 API, one of each of its four servers and the memcached that
 * its sign-in needs, on loopback and free ports, as whoever runs the tests; everything it writes lies below `folder`.
 * It speaks path-style addresses and signature version 4, multipart uploads and presigned addresses.
 */
export async function startSwift(folder: string, options: SwiftOptions = {}): Promise<SwiftServer> {
  const programs = findPrograms();
  const [free, memcached, account, container, object] = await Promise.all(
    Array.from({ length: 5 }, () => freePort()),
  );
  const port = options.port ?? free ?? 0;
  const ports = { account: account ?? 0, container: container ?? 0, object: object ?? 0 };
  const etc = join(folder, "etc");
  for (const path of [etc, join(folder, "node", "disk"), join(folder, "cache")])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(etc, "swift.conf"), SWIFT_CONF);
  for (const kind of KINDS) {
    writeFileSync(join(etc, `${kind}-server.conf`), storageConf(folder, kind, ports[kind]));
  }
  makeRings(programs["swift-ring-builder"], etc, ports);
  writeFileSync(join(etc, "proxy-server.conf"), proxyConf(folder, port, memcached ?? 0));

  const answers = (path: string, at: number) => async () =>
    (await fetch(`http://127.0.0.1:${at}${path}`)).status === 200;
  const swift = (kind: (typeof KINDS)[number] | "proxy", at: number) =>
    startServerProcess({
      file: programs[`swift-${kind}-server`],
      args: [join(etc, `${kind}-server.conf`)],
      cwd: folder,
      env: { PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1" },
      isReady: answers("/healthcheck", at),
      // Its storage is thrown away, and what it is stopped in the middle of must survive anyway.
      stopSignal: "SIGKILL",
    });
  const started = await Promise.allSettled([
    startServerProcess({
      file: programs.memcached,
      args: [
        "-l",
        "127.0.0.1",
        "-p",
        `${memcached}`,
        "-U",
        "0",
        "-m",
        "16",
        "-t",
        "1",
        "-u",
        userInfo().username,
      ],
      cwd: folder,
      isReady: async () => await accepts(memcached ?? 0),
    }),
    ...KINDS.map((kind) => swift(kind, ports[kind])),
    swift("proxy", port),
  ]);
  const processes = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = started.find((result) => result.status === "rejected");
  const stop = () => stopAll(processes);
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return { endpoint: `http://127.0.0.1:${port}`, region: REGION, ...ACCOUNT, stop };
}

/** The same, as one of the servers that the tests of a run share. */
export async function startS3(folder: string): Promise<StartedPart> {
  const { stop, ...info } = await startSwift(folder);
  return { info, stop };
}

async function stopAll(processes: readonly ServerProcess[]): Promise<void> {
  await Promise.all(processes.map((server) => server.stop()));
}

type Program = (typeof PROGRAMS)[number];
const PROGRAMS = [
  "swift-ring-builder",
  "swift-proxy-server",
  "swift-account-server",
  "swift-container-server",
  "swift-object-server",
  "memcached",
] as const;

function findPrograms(): { readonly [name: string]: string } & { readonly [N in Program]: string } {
  const find = () => PROGRAMS.map((name) => [name, findProgram(name, [`/usr/bin/${name}`])] as const);
  if (find().some(([, path]) => path === undefined)) installPackages(PACKAGES);
  const missing = find().find(([, path]) => path === undefined);
  if (missing !== undefined) throw new Error(`${missing[0]} is not to be found.`);
  return Object.fromEntries(find()) as { [N in Program]: string };
}

/** One device, one copy. By the library below `swift-ring-builder`: nine runs of that take four seconds. */
function makeRings(builder: string, etc: string, ports: { readonly [kind: string]: number }): void {
  const python = /^#!\s*(\S+)/.exec(readFileSync(builder, "utf8"))?.[1] ?? "/usr/bin/python3";
  execFileSync(python, ["-c", MAKE_RINGS, etc, JSON.stringify(ports)], {
    cwd: etc,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

const MAKE_RINGS = `
import json, os, sys
from swift.common.ring import RingBuilder
for kind, port in json.loads(sys.argv[2]).items():
    builder = RingBuilder(4, 1, 0)
    builder.add_dev(dict(id=0, region=1, zone=1, weight=1.0, ip="127.0.0.1", port=port, device="disk",
                         replication_ip="127.0.0.1", replication_port=port, meta=""))
    builder.rebalance()
    builder.get_ring().save(os.path.join(sys.argv[1], kind + ".ring.gz"))
`;

async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

const SWIFT_CONF = `
[swift-hash]
swift_hash_path_prefix = slipway
swift_hash_path_suffix = tests
[storage-policy:0]
name = single
default = yes
`;

function common(folder: string, port: number): string {
  return `
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${userInfo().username}
swift_dir = ${join(folder, "etc")}
log_level = ERROR
log_address = ${join(folder, "no-syslog")}
`;
}

function storageConf(folder: string, kind: (typeof KINDS)[number], port: number): string {
  return `${common(folder, port)}
devices = ${join(folder, "node")}
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
db_preallocation = off
[pipeline:main]
pipeline = healthcheck ${kind}-server
[filter:healthcheck]
use = egg:swift#healthcheck
[app:${kind}-server]
use = egg:swift#${kind}
recon_cache_path = ${join(folder, "cache")}
`;
}

function proxyConf(folder: string, port: number, memcached: number): string {
  return `${common(folder, port)}
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache s3api tempauth copy slo dlo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${memcached}
[filter:s3api]
use = egg:swift#s3api
location = ${REGION}
s3_acl = false
dns_compliant_bucket_names = true
check_bucket_owner = false
allow_multipart_uploads = true
min_segment_size = 5242880
[filter:tempauth]
use = egg:swift#tempauth
user_slipway_tests = ${ACCOUNT.secretAccessKey} .admin
user_slipway_stranger = ${ACCOUNT.secretAccessKey}
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
`;
}
