/**
 * Variables of this process that say something about it, not about the machine: its own terminal, the npm script or
 * the workflow it was itself started from. Steps see their own.
 */
const OWN = new RegExp(
  `^(${[
    "(GITHUB|ACTIONS|RUNNER|INPUT|STATE|SLIPWAY)_.*",
    "npm_(lifecycle|package)_.*",
    "npm_(command|execpath|node_execpath|config_local_prefix)",
    "NODE_COMPILE_CACHE|INIT_CWD|OLDPWD|PWD|SHLVL|SHELL|_",
  ].join("|")})$`,
);

/** The environment steps inherit from the machine, with what is `added`. `hidden` are names that steps must not see. */
export function baseEnvironment(
  env: { readonly [name: string]: string | undefined },
  hidden: readonly string[],
  added: { readonly [name: string]: string },
): { [name: string]: string } {
  const hides = new Set(hidden);
  const base: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !OWN.test(name) && !hides.has(name)) base[name] = value;
  return { ...base, ...added };
}
