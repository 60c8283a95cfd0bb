import { KIT } from "./kit-layout.ts";

/**
 * Settings of an image or of `container.env` by which steps start programs on node, and which could break the runner's own
 * node (a module that is not there, a data file for another version), have it write files, or have it trust anybody. Not
 * among them is NODE_EXTRA_CA_CERTS: it adds trust, which the runner may need to reach its server, and is never fatal.
 */
export const SETTINGS_OF_NODE = [
  "NODE_OPTIONS",
  "NODE_PATH",
  "NODE_CHANNEL_FD",
  "NODE_COMPILE_CACHE",
  "NODE_DEBUG",
  "NODE_DEBUG_NATIVE",
  "NODE_ICU_DATA",
  "NODE_PENDING_DEPRECATION",
  "NODE_PRESERVE_SYMLINKS",
  "NODE_PRESERVE_SYMLINKS_MAIN",
  "NODE_REDIRECT_WARNINGS",
  "NODE_TEST_CONTEXT",
  "NODE_TLS_REJECT_UNAUTHORIZED",
  "NODE_V8_COVERAGE",
  "OPENSSL_CONF",
  "UV_THREADPOOL_SIZE",
  "UV_USE_IO_URING",
] as const;

/** Says to the program that its parent has the container's environment as it is; see `containersEnvironment`. */
export const BESIDE_INIT = "SLIPWAY_BESIDE_INIT";

/**
 * The command of a container whose one program is a script of the kit: under an init, which buries orphans (node cannot),
 * and without the settings of node that are meant for steps. `env` is a program, not a shell: a shell drops variables whose
 * names it cannot spell.
 */
export function firstProcess(script: typeof KIT.runner | typeof KIT.gate, ...args: string[]): string[] {
  return [
    KIT.init,
    // Where the container has an init of its own (`--init`), or the machine's processes, orphans are its all the same.
    "-s",
    "--",
    KIT.busybox,
    "env",
    ...SETTINGS_OF_NODE.flatMap((name) => ["-u", name]),
    `${BESIDE_INIT}=1`,
    KIT.node,
    script,
    ...args,
  ];
}
