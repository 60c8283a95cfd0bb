import { hostname } from "node:os";
import { isAbsolute, join } from "node:path";
import type { JobHost } from "../builds/worker/job-host.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import { ExecError } from "../errors.ts";
import type { DockerEngine } from "../executors/docker/docker-engine.ts";
import { type EngineAddress, parseEngineAddress } from "../executors/docker/engine-address.ts";
import type { DockerConfigFile } from "../executors/docker/registry-credentials.ts";
import type { KitSource } from "../executors/kit/kit-source.ts";
import { readSettingFile } from "./read-setting-file.ts";
import type { ServerHost } from "./running-server.ts";
import type { ContainerHostParts } from "./start-worker.ts";

/** A daemon that is away longer than this has lost the jobs on it. */
const PATIENCE_MS = 5 * 60_000;

/** Places for jobs in containers of a Docker daemon, by the settings. Rejects with `InvalidSpec` where they make no sense. */
export async function startDockerHost({ shared, ...host }: ContainerHostParts): Promise<JobHost> {
  const { config, folder, clock } = shared;
  const [{ DockerExecutor }, { credentialHelper }, { HostedExecutor }, { containerJobHost }] =
    await Promise.all([
      import("../executors/docker/docker-executor.ts"),
      import("../executors/docker/credential-helper.ts"),
      import("../builds/worker/hosted-executor.ts"),
      import("../builds/worker/container-job-host.ts"),
    ]);
  daemonAddress(config);
  const dockerConfig = await readDockerConfig(config["docker.config"]);
  const executor = new DockerExecutor({
    images: parseImages(config["docker.images"]),
    installation: host.installation,
    mode: "volume",
    outlives: true,
    pull: config["docker.pull"],
    ...(dockerConfig === undefined ? {} : { dockerConfig }),
    credentialHelper: credentialHelper(shared.host.env),
    defaults: {
      cpus: cpus("docker.cpus", config),
      memoryBytes: config["docker.memory"],
      pids: config["docker.pids"],
    },
    rules: {
      privileged: config["docker.privileged"],
      hostPaths: config["docker.host-paths"],
      ceilings: { cpus: cpus("docker.max-cpus", config), memoryBytes: config["docker.max-memory"] },
    },
    network: {},
    socketFolder: join(folder.work, "s"),
    runnerName: hostname(),
    patienceMs: PATIENCE_MS,
    kit: kitSource(config["docker.kit"], shared.host.kitFolder, shared.version),
    clock,
    engine: () => openDaemon(config, shared.host.env, clock),
  });
  return containerJobHost({
    ...host,
    executor: new HostedExecutor({ executor, maxJobs: host.maxJobs, now: () => clock.now() }),
  });
}

/** Throws `InvalidSpec`. */
export function daemonAddress(config: Config): EngineAddress {
  return parseEngineAddress(config["docker.host"], config["docker.certificates"] !== undefined);
}

/** A connection to the daemon of the settings; nothing is asked of it. */
export async function openDaemon(
  config: Config,
  env: ServerHost["env"],
  clock: Clock,
): Promise<DockerEngine> {
  const { dockerodeEngine } = await import("../executors/docker/dockerode-engine.ts");
  const tlsFolder = config["docker.certificates"];
  return await dockerodeEngine({
    address: daemonAddress(config),
    clock,
    ...(tlsFolder === undefined ? {} : { tlsFolder }),
    ...(env.SSH_AUTH_SOCK === undefined ? {} : { sshAgent: env.SSH_AUTH_SOCK }),
  });
}

/** `docker.kit`, else what comes with the program, else the image of its version. */
export function kitSource(
  setting: string | undefined,
  shipped: string | undefined,
  version: string,
): KitSource {
  if (setting !== undefined)
    return isAbsolute(setting) ? { kind: "folder", folder: setting } : { kind: "image", reference: setting };
  if (shipped !== undefined) return { kind: "folder", folder: shipped };
  return { kind: "image", reference: `slipway/runner:${version}` };
}

/** `label=image`, labels in lower case. Throws `InvalidSpec`. */
export function parseImages(texts: readonly string[]): { readonly [label: string]: string } {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.lastIndexOf("=");
      const label = text.slice(0, Math.max(0, at)).trim().toLowerCase();
      const image = text.slice(at + 1).trim();
      if (label === "" || image === "")
        throw new ExecError("InvalidSpec", `docker.images: '${text}' is not of the form label=image.`);
      return [label, image];
    }),
  );
}

function cpus(name: "docker.cpus" | "docker.max-cpus", config: Config): number | undefined {
  const text = config[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0))
    throw new ExecError("InvalidSpec", `${name}: '${text}' is no number of processors, such as 2 or 0.5.`);
  return value;
}

async function readDockerConfig(path: string | undefined): Promise<DockerConfigFile | undefined> {
  if (path === undefined) return undefined;
  const text = await readSettingFile("docker.config", path);
  try {
    return JSON.parse(text) as DockerConfigFile;
  } catch {
    throw new ExecError("InvalidSpec", `docker.config: ${path} is not JSON.`);
  }
}
