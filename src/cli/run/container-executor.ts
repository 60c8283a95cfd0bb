import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../clock.ts";
import { credentialHelper } from "../../executors/docker/credential-helper.ts";
import { DockerExecutor } from "../../executors/docker/docker-executor.ts";
import { dockerodeEngine } from "../../executors/docker/dockerode-engine.ts";
import { parseEngineAddress } from "../../executors/docker/engine-address.ts";
import type { DockerConfigFile } from "../../executors/docker/registry-credentials.ts";
import { claimFolder, isOwnerDead, ownerText } from "../../executors/local/dead-runs.ts";
import { version } from "../../version.ts";
import type { Io } from "../io.ts";

export interface ContainerExecutorOptions {
  /** By label, in lower case. */
  readonly images: ReadonlyMap<string, string>;
  /** Absent: the environment's `DOCKER_HOST`. */
  readonly daemon: string | undefined;
  readonly pull: boolean;
  /** Where sockets are made; whoever asks removes it. Its path is short. */
  readonly socketFolder: string;
  readonly io: Io;
  readonly clock: Clock;
}

/** How long a daemon may be away in the middle of a run. */
const PATIENCE_MS = 60_000;
const INSTALLATION = "slipway-run";

/**
 * The executor of `slipway run` for jobs in containers: folders of the run are mounted, whoever runs it may ask for anything
 * of their own daemon, and nothing is left when the run has ended. What killed runs left is taken away. Throws `InvalidSpec`.
 */
export function containerExecutor(options: ContainerExecutorOptions): DockerExecutor {
  const { images, pull, socketFolder, io, clock } = options;
  const { env } = io;
  const tlsFolder = env.DOCKER_CERT_PATH || undefined;
  const address = parseEngineAddress(options.daemon ?? env.DOCKER_HOST, Boolean(env.DOCKER_TLS_VERIFY));
  const dockerConfig = readDockerConfig(env);
  const shipped = io.kitFolder;
  // Over a socket the daemon is this machine's, as a rule, and sees its folders.
  const kit =
    shipped === undefined
      ? ({ kind: "image", reference: `slipway/runner:${version}` } as const)
      : ({ kind: address.kind === "socket" ? "bind" : "folder", folder: shipped } as const);
  mkdirSync(socketFolder, { recursive: true });
  claimFolder(socketFolder, io.pid);
  const executor = new DockerExecutor({
    images: Object.fromEntries(images),
    installation: INSTALLATION,
    mode: "bind",
    outlives: false,
    pull: pull ? "always" : "missing",
    ...(dockerConfig === undefined ? {} : { dockerConfig }),
    credentialHelper: credentialHelper(env),
    defaults: {},
    rules: { privileged: true, hostPaths: true },
    network: {},
    lendsDefaultNetwork: true,
    socketFolder,
    owner: ownerText(io.pid),
    ownerLives: (owner) => !isOwnerDead(owner),
    patienceMs: PATIENCE_MS,
    kit,
    clock,
    engine: () =>
      dockerodeEngine({
        address,
        clock,
        ...(tlsFolder === undefined ? {} : { tlsFolder }),
        ...(env.SSH_AUTH_SOCK === undefined ? {} : { sshAgent: env.SSH_AUTH_SOCK }),
      }),
  });
  // Beside the run: it is about others, which have ended.
  void executor.sweep(async () => false).catch(() => {});
  return executor;
}

/** What `docker login` has kept; nothing where it cannot be read. */
function readDockerConfig(env: Io["env"]): DockerConfigFile | undefined {
  const folder = env.DOCKER_CONFIG || (env.HOME ? join(env.HOME, ".docker") : undefined);
  if (folder === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as DockerConfigFile;
  } catch {
    return undefined;
  }
}
