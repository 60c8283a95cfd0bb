import { suggest } from "../spec/suggest.ts";
import { parseSetting } from "./parse-setting.ts";
import type { Setting } from "./setting.ts";
import { type Config, flagOf, SETTINGS, type SettingName } from "./settings.ts";

export interface ConfigSources {
  /** By flag name without dashes; absent where it was not given. */
  readonly flags: { readonly [name: string]: string | undefined };
  readonly env: { readonly [name: string]: string | undefined };
  /** `slipway.yaml` as read: mappings of mappings, and its name for messages. Absent: there is none. */
  readonly file?: { readonly name: string; readonly content: unknown };
}

/** Where a value came from: `--listen`, `$SLIPWAY_LISTEN`, `slipway.yaml`, `default`; `none` where there is no value. */
export type ConfigOrigins = { readonly [N in SettingName]: string };

export type ReadConfig =
  | { readonly config: Config; readonly origins: ConfigOrigins }
  | { readonly problems: readonly string[] };

interface Found {
  readonly text: string;
  readonly origin: string;
}

/** Flags win over the environment, that over the file, that over the defaults. Tells every mistake at once. */
export function readConfig(sources: ConfigSources): ReadConfig {
  const problems: string[] = [];
  const inFile = new Map<string, string>();
  if (sources.file !== undefined) flatten(sources.file.content, sources.file.name, inFile, problems);
  const values = new Map<string, unknown>();
  const origins = new Map<string, string>();
  for (const [name, setting] of Object.entries<Setting>(SETTINGS)) {
    const found = find(name, setting, sources, inFile);
    origins.set(name, found?.origin ?? "none");
    if (found === undefined) continue;
    const parsed = parseSetting(setting, found.text);
    if ("problem" in parsed) problems.push(`${name} (${found.origin}): ${parsed.problem}`);
    else values.set(name, parsed.value);
  }
  if (problems.length === 0) problems.push(...disagreements(values));
  if (problems.length > 0) return { problems };
  return {
    config: Object.fromEntries(values) as Config,
    origins: Object.fromEntries(origins) as ConfigOrigins,
  };
}

function find(
  name: string,
  setting: Setting,
  { flags, env, file }: ConfigSources,
  inFile: ReadonlyMap<string, string>,
): Found | undefined {
  const flag = flags[flagOf(name)];
  if (flag !== undefined) return { text: flag, origin: `--${flagOf(name)}` };
  // An empty variable is how a shell and a compose file say: not set.
  const variable = setting.env.find((each) => (env[each] ?? "") !== "");
  if (variable !== undefined) return { text: env[variable] ?? "", origin: `$${variable}` };
  const text = inFile.get(name);
  if (text !== undefined) return { text, origin: file?.name ?? "" };
  return setting.default === undefined ? undefined : { text: setting.default, origin: "default" };
}

function flatten(
  content: unknown,
  file: string,
  into: Map<string, string>,
  problems: string[],
  path = "",
): void {
  if (content === null || content === undefined) return;
  const isSetting = Object.hasOwn(SETTINGS, path);
  if (typeof content === "object" && !Array.isArray(content)) {
    if (isSetting) {
      problems.push(`${path} (${file}): a value is wanted, not a mapping`);
      return;
    }
    for (const [key, value] of Object.entries(content))
      flatten(value, file, into, problems, path === "" ? key : `${path}.${key}`);
    return;
  }
  if (path === "") {
    problems.push(`${file}: a mapping of settings is wanted`);
  } else if (!isSetting) {
    const meant = suggest(path, Object.keys(SETTINGS));
    problems.push(
      `${path} (${file}): there is no such setting${meant === undefined ? "" : `; did you mean ${meant}?`}`,
    );
  } else if (Array.isArray(content)) {
    into.set(path, content.map(String).join(","));
  } else {
    into.set(path, String(content));
  }
}

/** What each setting may be, but not together. */
function disagreements(values: ReadonlyMap<string, unknown>): string[] {
  const has = (name: SettingName) => values.get(name) !== undefined;
  const roles = values.get("roles") as Config["roles"];
  const problems: string[] = [];
  const split = roles.length < 3;
  if (split && !has("database.url")) {
    problems.push(`roles: ${roles.join(",")} alone needs database.url: a SQLite file belongs to one process`);
  }
  if (split && !has("queue.url"))
    problems.push(`roles: ${roles.join(",")} alone needs queue.url: the queue in process reaches no other`);
  if (split && !has("service-token"))
    problems.push("roles: where they are split, service-token is needed, the same on all");
  if (split && !has("master-key"))
    problems.push("roles: where they are split, master-key is needed, the same on all");
  if (roles.includes("pipeline") && !roles.includes("executor") && !has("executor.url")) {
    problems.push("executor.url is needed where the role pipeline runs without the role executor");
  }
  if (!roles.includes("pipeline") && roles.includes("worker") && !has("url")) {
    problems.push(
      "url is needed by a worker without the role pipeline: its jobs fetch sources and artifacts there",
    );
  }
  if (!split && has("queue.url") && !has("database.url"))
    problems.push("queue.url without database.url is of no use: a SQLite file belongs to one process");
  if (has("s3.bucket") && !(has("s3.access-key-id") && has("s3.secret-access-key"))) {
    problems.push("s3.bucket needs s3.access-key-id and s3.secret-access-key");
  }
  return problems;
}
