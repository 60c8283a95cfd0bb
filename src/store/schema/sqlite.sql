-- The schema as SQLite tells it. Made by `npm run generate`.

CREATE TABLE api_tokens (
  id text primary key,
  name text not null,
  hash text not null unique,
  permissions_json text not null,
  project_id text references projects (id) on delete cascade,
  created_at integer not null,
  expires_at integer,
  last_used_at integer
);
CREATE TABLE approvals (
  id text primary key,
  build_id text not null references builds (id) on delete cascade,
  job_key text not null,
  environment text not null,
  reviewers_json text not null,
  created_at integer not null,
  expires_at integer not null,
  state text not null,
  decided_by text,
  comment text,
  decided_at integer,
  unique (build_id, job_key)
);
CREATE INDEX approvals_waiting on approvals (expires_at) where state = 'waiting';
CREATE TABLE artifacts (
  id text primary key,
  database_id integer not null,
  project_id text not null references projects (id) on delete cascade,
  root_id text not null,
  build_id text not null,
  job_key text not null,
  attempt integer not null,
  name text not null,
  file text not null,
  content_type text not null,
  blob_key text not null,
  size_bytes integer not null,
  sha256 text not null,
  created_at integer not null,
  expires_at integer not null,
  unique (root_id, name)
);
CREATE INDEX artifacts_expiry on artifacts (expires_at);
CREATE INDEX artifacts_of_blob on artifacts (blob_key);
CREATE INDEX artifacts_of_project on artifacts (project_id);
CREATE TABLE build_annotations (
  id text primary key,
  build_id text not null references builds (id) on delete cascade,
  job_id text not null,
  step integer not null,
  level text not null,
  message text not null,
  title text,
  file text,
  line integer,
  end_line integer,
  "column" integer,
  end_column integer,
  created_at integer not null
);
CREATE INDEX build_annotations_of_build on build_annotations (build_id, created_at, id);
CREATE TABLE build_facts (
  build_id text not null references builds (id) on delete cascade,
  seq integer not null,
  fact_json text not null,
  primary key (build_id, seq)
  ) without rowid;
CREATE TABLE build_job_steps (
  id text primary key,
  build_id text not null,
  job_id text not null references build_jobs (id) on delete cascade,
  number integer not null,
  step_id text,
  name text not null,
  stage text not null,
  type text not null,
  status text not null,
  outcome text,
  conclusion text,
  exit_code integer,
  signal text,
  error text,
  line integer,
  parent integer,
  background integer not null,
  summary text,
  waiting_at integer,
  queued_at integer,
  started_at integer,
  finished_at integer,
  duration_ms integer,
  log_kept text not null,
  log_size_bytes integer not null,
  log_sha256 text,
  unique (job_id, number)
  ) without rowid;
CREATE INDEX build_job_steps_blobs on build_job_steps (finished_at) where log_kept = 'blob';
CREATE TABLE build_jobs (
  id text primary key,
  build_id text not null references builds (id) on delete cascade,
  key text not null,
  job_id text not null,
  name text not null,
  kind text not null,
  needs_json text not null,
  parent text,
  leg_of text,
  matrix_json text,
  position integer not null,
  attempt integer not null,
  latest integer not null,
  status text not null,
  result text,
  outcome text,
  outputs_json text not null,
  error text,
  reason text,
  infrastructure_failure integer not null,
  environment text,
  environment_url text,
  executor text,
  executor_ref text,
  frame_seq integer not null,
  carried_from text,
  created_at integer not null,
  waiting_at integer,
  queued_at integer,
  started_at integer,
  finished_at integer,
  unique (build_id, key, attempt)
  ) without rowid;
CREATE TABLE build_logs (
  ref_type text not null,
  ref_id text not null,
  chunk_seq integer not null,
  end_byte integer not null,
  content blob not null,
  created_at integer not null,
  primary key (ref_type, ref_id, chunk_seq)
);
CREATE INDEX build_logs_by_byte on build_logs (ref_type, ref_id, end_byte);
CREATE TABLE build_snapshots (
  build_seq integer primary key references builds (seq) on delete cascade,
  file text not null,
  content text not null,
  github_json text not null,
  inputs_json text not null,
  vars_json text not null,
  carried_json text,
  only_jobs_json text
);
CREATE TABLE build_warnings (
  build_id text not null references builds (id) on delete cascade,
  digest text not null,
  position integer not null,
  message text not null,
  primary key (build_id, digest)
  ) without rowid;
CREATE TABLE builds (
  seq integer primary key autoincrement,
  id text not null unique,
  project_id text not null references projects (id) on delete cascade,
  pipeline_id text not null,
  number integer not null,
  root_seq integer,
  root_id text not null,
  attempt integer not null,
  attempts integer not null,
  latest integer not null,
  status text not null,
  trigger text not null,
  event text not null,
  ref text not null,
  sha text not null,
  workflow text not null,
  title text not null,
  actor text not null,
  error text,
  error_code text,
  cancel_reason text,
  created_at integer not null,
  queued_at integer,
  started_at integer,
  finished_at integer,
  version integer not null,
  fence integer not null,
  owner text,
  lease_until integer,
  published_at integer
  , lost_leases integer not null default 0);
CREATE INDEX builds_cancelled on builds (project_id, seq) where status = 'cancelled';
CREATE INDEX builds_failed on builds (project_id, seq) where status = 'failed';
CREATE INDEX builds_of_number on builds (project_id, number, seq);
CREATE INDEX builds_of_pipeline on builds (pipeline_id, seq);
CREATE INDEX builds_of_project on builds (project_id, seq);
CREATE INDEX builds_of_ref on builds (project_id, ref, seq);
CREATE INDEX builds_of_sha on builds (sha, seq);
CREATE INDEX builds_of_trigger on builds (project_id, trigger, seq);
CREATE UNIQUE INDEX builds_rerun on builds (root_id, attempt) where attempt > 1;
CREATE INDEX builds_running on builds (project_id, seq) where status = 'running';
CREATE INDEX builds_succeeded on builds (project_id, seq) where status = 'succeeded';
CREATE INDEX builds_waiting on builds (project_id, seq) where status in ('pending', 'queued');
CREATE TABLE caches (
  id text primary key,
  database_id integer not null,
  project_id text not null references projects (id) on delete cascade,
  version text not null,
  scope text not null,
  key text not null,
  blob_key text not null,
  size_bytes integer not null,
  created_at integer not null,
  used_at integer not null,
  unique (project_id, version, scope, key)
);
CREATE INDEX caches_of_blob on caches (blob_key);
CREATE INDEX caches_used on caches (project_id, used_at);
CREATE TABLE environments (
  id text primary key,
  project_id text not null references projects (id) on delete cascade,
  name text not null,
  name_key text not null,
  reviewers_json text not null,
  approval_timeout_ms integer not null,
  created_at integer not null,
  updated_at integer not null,
  unique (project_id, name_key)
);
CREATE TABLE group_places (
  build_id text not null references builds (id) on delete cascade,
  holder text not null,
  project_id text not null,
  group_key text not null,
  position integer not null,
  state text not null,
  occupies integer not null,
  reason text,
  entered_at integer not null,
  primary key (build_id, holder)
  ) without rowid;
CREATE UNIQUE INDEX group_places_of_group on group_places (project_id, group_key, position);
CREATE TABLE job_slots (
  build_id text not null references builds (id) on delete cascade,
  job_key text not null,
  project_id text not null,
  primary key (build_id, job_key)
  ) without rowid;
CREATE INDEX job_slots_of_project on job_slots (project_id);
CREATE TABLE login_codes (
  hash text primary key,
  token_id text not null references api_tokens (id) on delete cascade,
  expires_at integer not null
);
CREATE TABLE pipelines (
  id text primary key,
  project_id text not null references projects (id) on delete cascade,
  name text not null,
  path text not null,
  enabled integer not null,
  created_at integer not null,
  updated_at integer not null,
  unique (project_id, name),
  unique (project_id, path)
);
CREATE TABLE project_settings (
  project_id text not null references projects (id) on delete cascade,
  kind text not null,
  name text not null,
  value text not null,
  updated_at integer not null,
  primary key (project_id, kind, name)
);
CREATE TABLE projects (
  id text primary key,
  name text not null unique,
  repository_url text not null,
  default_branch text not null,
  settings_json text not null,
  max_builds integer,
  build_count integer not null,
  created_at integer not null,
  updated_at integer not null
);
CREATE INDEX projects_created on projects (created_at, id);
CREATE TABLE requests (
  caller text not null,
  key text not null,
  fingerprint text not null,
  status integer,
  body text,
  expires_at integer not null,
  primary key (caller, key)
);
CREATE INDEX requests_expiry on requests (expires_at);
CREATE TABLE runner_commands (
  mailbox_id integer not null references runner_mailboxes (id) on delete cascade,
  number integer not null,
  once text not null,
  command_json text not null,
  primary key (mailbox_id, number),
  unique (mailbox_id, once)
);
CREATE TABLE runner_frames (
  mailbox_id integer not null references runner_mailboxes (id) on delete cascade,
  last_seq integer not null,
  first_seq integer not null,
  end_byte integer not null,
  final integer not null,
  gzip integer not null,
  content blob not null,
  primary key (mailbox_id, last_seq)
);
CREATE TABLE runner_mailboxes (
  id integer primary key autoincrement,
  build_id text not null references builds (id) on delete cascade,
  job_key text not null,
  attempt integer not null,
  opened_at integer not null,
  heard_at integer,
  accepted_seq integer not null default 0,
  received_bytes integer not null default 0,
  read_bytes integer not null default 0,
  unique (build_id, job_key, attempt)
);
CREATE TABLE schedules (
  id text primary key,
  pipeline_id text not null references pipelines (id) on delete cascade,
  cron text not null,
  timezone text not null,
  next_at integer not null,
  unique (pipeline_id, cron, timezone)
);
CREATE INDEX schedules_next on schedules (next_at);
CREATE TABLE schema_migrations (name text primary key, at integer not null);
CREATE TABLE server_marks (
  name text primary key,
  at integer not null
);
CREATE TABLE webhook_deliveries (
  seq integer primary key autoincrement,
  id text not null unique,
  webhook_id text not null references webhooks (id) on delete cascade,
  event_id text not null,
  event text not null,
  payload_json text not null,
  state text not null,
  attempts integer not null,
  next_at integer,
  leased_until integer,
  last_status integer,
  last_error text,
  created_at integer not null,
  delivered_at integer,
  unique (webhook_id, event_id)
);
CREATE INDEX webhook_deliveries_due on webhook_deliveries (next_at) where state = 'waiting';
CREATE INDEX webhook_deliveries_of_webhook on webhook_deliveries (webhook_id, seq);
CREATE TABLE webhooks (
  id text primary key,
  project_id text not null references projects (id) on delete cascade,
  url text not null,
  events_json text not null,
  secret text not null,
  enabled integer not null,
  created_at integer not null
);
CREATE INDEX webhooks_of_project on webhooks (project_id);
