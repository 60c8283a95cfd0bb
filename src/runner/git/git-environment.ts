/** What names a repository, an index or settings of a git that runs around this one (`git rev-parse --local-env-vars`). */
const SURROUNDING: ReadonlySet<string> = new Set([
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_COMMON_DIR",
  "GIT_CONFIG",
  "GIT_CONFIG_PARAMETERS",
  "GIT_DIR",
  "GIT_EDITOR",
  "GIT_GRAFT_FILE",
  "GIT_IMPLICIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_INTERNAL_SUPER_PREFIX",
  "GIT_NAMESPACE",
  "GIT_NO_REPLACE_OBJECTS",
  "GIT_OBJECT_DIRECTORY",
  "GIT_PAGER",
  "GIT_PREFIX",
  "GIT_QUARANTINE_PATH",
  "GIT_REPLACE_REF_BASE",
  "GIT_SHALLOW_FILE",
  "GIT_TRACE",
  "GIT_WORK_TREE",
  "LANGUAGE",
]);

/**
 * The environment of a git that works for the runner. It never prompts (terminal, askpass, credential windows, ssh),
 * never changes a repository that it only reads, and speaks English, so that its messages can be told apart.
 * `config` comes on top of settings the caller's environment already carries.
 */
export function gitEnvironment(
  base: { readonly [name: string]: string },
  config: { readonly [key: string]: string },
  extra: { readonly [name: string]: string },
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) if (!SURROUNDING.has(name)) env[name] = value;
  Object.assign(env, {
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "",
    SSH_ASKPASS: "",
    GCM_INTERACTIVE: "never",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_ADVICE: "0",
  });
  if (env.GIT_SSH === undefined && env.GIT_SSH_COMMAND === undefined) {
    env.GIT_SSH_COMMAND = "ssh -o BatchMode=yes";
  }
  Object.assign(env, extra);
  const settings = {
    "core.askPass": "",
    "advice.detachedHead": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    ...config,
  };
  let count = Number.parseInt(env.GIT_CONFIG_COUNT ?? "0", 10) || 0;
  for (const [key, value] of Object.entries(settings)) {
    env[`GIT_CONFIG_KEY_${count}`] = key;
    env[`GIT_CONFIG_VALUE_${count}`] = value;
    count++;
  }
  env.GIT_CONFIG_COUNT = `${count}`;
  return env;
}
