import type { Json, JsonObject } from "../../json.ts";

/** The properties of the `github` context that steps also get as `GITHUB_*`. */
const EXPOSED: ReadonlySet<string> = new Set(
  (
    "action_path action_ref action_repository action actor actor_id api_url artifacts artifacts_list base_ref env " +
    "event_name event_path graphql_url head_ref job output path ref_name ref_protected ref_type ref repository " +
    "repository_id repository_owner repository_owner_id retention_days run_attempt run_id run_number server_url sha " +
    "state step_summary triggering_actor workflow workflow_ref workflow_sha workspace"
  ).split(" "),
);

/** `GITHUB_*` of a `github` context. */
export function githubEnvironment(github: JsonObject): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(github)) {
    const text = EXPOSED.has(name.toLowerCase()) ? scalarText(value) : undefined;
    if (text !== undefined) env[`GITHUB_${name.toUpperCase()}`] = text;
  }
  return env;
}

/** `RUNNER_*` of a `runner` context. */
export function runnerEnvironment(runner: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(runner).map(([name, value]) => [`RUNNER_${name.toUpperCase()}`, scalarText(value) ?? ""]),
  );
}

function scalarText(value: Json): string | undefined {
  if (value === null) return "";
  return typeof value === "object" ? undefined : String(value);
}
