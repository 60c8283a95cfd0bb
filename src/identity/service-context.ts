import type { JsonObject } from "../json.ts";

const FIELDS = [
  ...["repository", "repository_owner", "repository_id", "repository_owner_id", "repository_visibility"],
  ...["ref", "ref_type", "ref_protected", "sha", "head_ref", "base_ref", "actor", "actor_id", "event_name"],
  ...["workflow", "workflow_ref", "workflow_sha", "run_id", "run_number", "run_attempt", "server_url"],
];
const REPOSITORY_FIELDS = ["id", "visibility", "private", "default_branch"];

/** Of a `github` context what the services look at: small enough to travel in a token, whatever the event was. */
export function serviceContext(github: JsonObject): JsonObject {
  const repository = object(object(github.event).repository);
  const { id } = object(repository.owner);
  return {
    ...pick(github, FIELDS),
    event: {
      repository: { ...pick(repository, REPOSITORY_FIELDS), ...(id === undefined ? {} : { owner: { id } }) },
    },
  };
}

function pick(from: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = from[name];
      return value === undefined || typeof value === "object" ? [] : [[name, value]];
    }),
  );
}

function object(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
