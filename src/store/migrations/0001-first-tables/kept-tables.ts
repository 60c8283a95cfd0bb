import type { EngineTraits } from "../../engine/engine.ts";

export const keptTables = ({ text, number, counted }: EngineTraits["types"]): readonly string[] => [
  `create table artifacts (
    id ${text} primary key,
    database_id ${number} not null,
    project_id ${text} not null references projects (id) on delete cascade,
    root_id ${text} not null,
    build_id ${text} not null,
    job_key ${text} not null,
    attempt ${number} not null,
    name ${text} not null,
    file ${text} not null,
    content_type ${text} not null,
    blob_key ${text} not null,
    size_bytes ${number} not null,
    sha256 ${text} not null,
    created_at ${number} not null,
    expires_at ${number} not null,
    unique (root_id, name)
  )`,
  `create index artifacts_of_project on artifacts (project_id)`,
  `create index artifacts_expiry on artifacts (expires_at)`,
  `create index artifacts_of_blob on artifacts (blob_key)`,
  `create table caches (
    id ${text} primary key,
    database_id ${number} not null,
    project_id ${text} not null references projects (id) on delete cascade,
    version ${text} not null,
    scope ${text} not null,
    key ${text} not null,
    blob_key ${text} not null,
    size_bytes ${number} not null,
    created_at ${number} not null,
    used_at ${number} not null,
    unique (project_id, version, scope, key)
  )`,
  `create index caches_used on caches (project_id, used_at)`,
  `create index caches_of_blob on caches (blob_key)`,
  `create table api_tokens (
    id ${text} primary key,
    name ${text} not null,
    hash ${text} not null unique,
    permissions_json ${text} not null,
    project_id ${text} references projects (id) on delete cascade,
    created_at ${number} not null,
    expires_at ${number},
    last_used_at ${number}
  )`,
  `create table login_codes (
    hash ${text} primary key,
    token_id ${text} not null references api_tokens (id) on delete cascade,
    expires_at ${number} not null
  )`,
  `create table server_marks (
    name ${text} primary key,
    at ${number} not null
  )`,
  `create table requests (
    caller ${text} not null,
    key ${text} not null,
    fingerprint ${text} not null,
    status ${number},
    body ${text},
    expires_at ${number} not null,
    primary key (caller, key)
  )`,
  `create index requests_expiry on requests (expires_at)`,
  `create table webhooks (
    id ${text} primary key,
    project_id ${text} not null references projects (id) on delete cascade,
    url ${text} not null,
    events_json ${text} not null,
    secret ${text} not null,
    enabled ${number} not null,
    created_at ${number} not null
  )`,
  `create index webhooks_of_project on webhooks (project_id)`,
  `create table webhook_deliveries (
    seq ${counted},
    id ${text} not null unique,
    webhook_id ${text} not null references webhooks (id) on delete cascade,
    event_id ${text} not null,
    event ${text} not null,
    payload_json ${text} not null,
    state ${text} not null,
    attempts ${number} not null,
    next_at ${number},
    leased_until ${number},
    last_status ${number},
    last_error ${text},
    created_at ${number} not null,
    delivered_at ${number},
    unique (webhook_id, event_id)
  )`,
  `create index webhook_deliveries_of_webhook on webhook_deliveries (webhook_id, seq)`,
  `create index webhook_deliveries_due on webhook_deliveries (next_at) where state = 'waiting'`,
];
