/**
 * The kit: everything a runner needs that an image may not have, in one folder that is mounted (or copied) read-only to
 * `/slipway` in any Linux container: glibc, musl, distroless or empty, as any user. Nothing in it is looked for by name on
 * the steps' PATH; programs in it find their own loader, libraries and data there, and nowhere else.
 */
export const KIT_ROOT = "/slipway";

export const KIT = {
  /** Its ELF interpreter and rpath are below `lib`: `process.execPath` is this path. */
  node: `${KIT_ROOT}/bin/node`,
  /** Static: the first process of containers. Starts one program, hands signals on to it, buries what steps lose. */
  init: `${KIT_ROOT}/bin/init`,
  /** Static. */
  busybox: `${KIT_ROOT}/bin/busybox`,
  git: `${KIT_ROOT}/bin/git`,
  /** Holds `sh` alone (busybox). Goes to the end of PATH in images that have no `sh`. */
  shellDirectory: `${KIT_ROOT}/shell`,
  gitExecPath: `${KIT_ROOT}/libexec/git-core`,
  gitTemplates: `${KIT_ROOT}/share/git-core/templates`,
  /** PEM, of all authorities that Debian trusts. */
  certificates: `${KIT_ROOT}/etc/ca-certificates.crt`,
  /** Runs one job; see `container-runner`. */
  runner: `${KIT_ROOT}/runner.mjs`,
  /** Runs one process in a container beside the job's; see `gate`. */
  gate: `${KIT_ROOT}/gate.mjs`,
  /** Stand-ins for actions: `<name>/action.yml`. */
  actions: `${KIT_ROOT}/actions`,
  /** `{ version, arch, node, git, busybox }`. */
  description: `${KIT_ROOT}/kit.json`,
} as const;

/** Where a job in a container finds its folders; each below a volume or an `emptyDir` of the job's own. */
export const JOB_ROOT = "/__w";
export const JOB_PATHS = {
  temp: `${JOB_ROOT}/_temp`,
  control: `${JOB_ROOT}/_control`,
  actionCache: `${JOB_ROOT}/_actions`,
  toolCache: `${JOB_ROOT}/_tools`,
  /** Sockets of gates. */
  gates: `${JOB_ROOT}/_gates`,
  /** Frames that wait for the server. */
  spool: `${JOB_ROOT}/_spool`,
  /** HOME of steps where the image's own cannot be written to. */
  home: `${JOB_ROOT}/_home`,
} as const;

/** `GITHUB_WORKSPACE` of workflows: as on GitHub, the repository's name twice. */
export function containerWorkspace(repository: string): string {
  const name = repository.slice(repository.lastIndexOf("/") + 1) || "workspace";
  return `${JOB_ROOT}/${name}/${name}`;
}

/** `GITHUB_WORKSPACE` of `.platform.yaml`. */
export const PLATFORM_WORKSPACE = "/workspace";

/** Where containers of docker actions see the workspace, as on GitHub. */
export const STEP_WORKSPACE = "/github/workspace";
