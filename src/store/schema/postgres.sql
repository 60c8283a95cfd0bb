-- The schema as PostgreSQL tells it. Made by `npm run generate`.

table api_tokens: id text collate "C" not null
table api_tokens: name text collate "C" not null
table api_tokens: hash text collate "C" not null
table api_tokens: permissions_json text collate "C" not null
table api_tokens: project_id text collate "C"
table api_tokens: created_at bigint not null
table api_tokens: expires_at bigint
table api_tokens: last_used_at bigint
table api_tokens: constraint api_tokens_hash_key UNIQUE (hash)
table api_tokens: constraint api_tokens_pkey PRIMARY KEY (id)
table api_tokens: constraint api_tokens_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE
CREATE UNIQUE INDEX api_tokens_hash_key ON public.api_tokens USING btree (hash)
CREATE UNIQUE INDEX api_tokens_pkey ON public.api_tokens USING btree (id)
table approvals: id text collate "C" not null
table approvals: build_id text collate "C" not null
table approvals: job_key text collate "C" not null
table approvals: environment text collate "C" not null
table approvals: reviewers_json text collate "C" not null
table approvals: created_at bigint not null
table approvals: expires_at bigint not null
table approvals: state text collate "C" not null
table approvals: decided_by text collate "C"
table approvals: comment text collate "C"
table approvals: decided_at bigint
table approvals: constraint approvals_build_id_fkey FOREIGN KEY (build_id) REFERENCES builds(id) ON DELETE CASCADE
table approvals: constraint approvals_build_id_job_key_key UNIQUE (build_id, job_key)
table approvals: constraint approvals_pkey PRIMARY KEY (id)
CREATE UNIQUE INDEX approvals_build_id_job_key_key ON public.approvals USING btree (build_id, job_key)
CREATE UNIQUE INDEX approvals_pkey ON public.approvals USING btree (id)
CREATE INDEX approvals_waiting ON public.approvals USING btree (expires_at) WHERE (state = 'waiting'::text)
table artifacts: id text collate "C" not null
table artifacts: database_id bigint not null
table artifacts: project_id text collate "C" not null
table artifacts: root_id text collate "C" not null
table artifacts: build_id text collate "C" not null
table artifacts: job_key text collate "C" not null
table artifacts: attempt bigint not null
table artifacts: name text collate "C" not null
table artifacts: file text collate "C" not null
table artifacts: content_type text collate "C" not null
table artifacts: blob_key text collate "C" not null
table artifacts: size_bytes bigint not null
table artifacts: sha256 text collate "C" not null
table artifacts: created_at bigint not null
table artifacts: expires_at bigint not null
table artifacts: constraint artifacts_pkey PRIMARY KEY (id)
table artifacts: constraint artifacts_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE
table artifacts: constraint artifacts_root_id_name_key UNIQUE (root_id, name)
CREATE INDEX artifacts_expiry ON public.artifacts USING btree (expires_at)
CREATE INDEX artifacts_of_blob ON public.artifacts USING btree (blob_key)
CREATE INDEX artifacts_of_project ON public.artifacts USING btree (project_id)
CREATE UNIQUE INDEX artifacts_pkey ON public.artifacts USING btree (id)
CREATE UNIQUE INDEX artifacts_root_id_name_key ON public.artifacts USING btree (root_id, name)
table build_annotations: id text collate "C" not null
table build_annotations: build_id text collate "C" not null
table build_annotations: job_id text collate "C" not null
table build_annotations: step bigint not null
table build_annotations: level text collate "C" not null
table build_annotations: message text collate "C" not null
table build_annotations: title text collate "C"
table build_annotations: file text collate "C"
table build_annotations: line bigint
table build_annotations: end_line bigint
table build_annotations: column bigint
table build_annotations: end_column bigint
table build_annotations: created_at bigint not null
table build_annotations: constraint build_annotations_build_id_fkey FOREIGN KEY (build_id) REFERENCES builds(id) ON DELETE CASCADE
table build_annotations: constraint build_annotations_pkey PRIMARY KEY (id)
CREATE INDEX build_annotations_of_build ON public.build_annotations USING btree (build_id, created_at, id)
CREATE UNIQUE INDEX build_annotations_pkey ON public.build_annotations USING btree (id)
table build_facts: build_id text collate "C" not null
table build_facts: seq bigint not null
table build_facts: fact_json text collate "C" not null
table build_facts: constraint build_facts_build_id_fkey FOREIGN KEY (build_id) REFERENCES builds(id) ON DELETE CASCADE
table build_facts: constraint build_facts_pkey PRIMARY KEY (build_id, seq)
CREATE UNIQUE INDEX build_facts_pkey ON public.build_facts USING btree (build_id, seq)
table build_job_steps: id text collate "C" not null
table build_job_steps: build_id text collate "C" not null
table build_job_steps: job_id text collate "C" not null
table build_job_steps: number bigint not null
table build_job_steps: step_id text collate "C"
table build_job_steps: name text collate "C" not null
table build_job_steps: stage text collate "C" not null
table build_job_steps: type text collate "C" not null
table build_job_steps: status text collate "C" not null
table build_job_steps: outcome text collate "C"
table build_job_steps: conclusion text collate "C"
table build_job_steps: exit_code bigint
table build_job_steps: signal text collate "C"
table build_job_steps: error text collate "C"
table build_job_steps: line bigint
table build_job_steps: parent bigint
table build_job_steps: background bigint not null
table build_job_steps: summary text collate "C"
table build_job_steps: waiting_at bigint
table build_job_steps: queued_at bigint
table build_job_steps: started_at bigint
table build_job_steps: finished_at bigint
table build_job_steps: duration_ms bigint
table build_job_steps: log_kept text collate "C" not null
table build_job_steps: log_size_bytes bigint not null
table build_job_steps: log_sha256 text collate "C"
table build_job_steps: constraint build_job_steps_job_id_fkey FOREIGN KEY (job_id) REFERENCES build_jobs(id) ON DELETE CASCADE
table build_job_steps: constraint build_job_steps_job_id_number_key UNIQUE (job_id, number)
table build_job_steps: constraint build_job_steps_pkey PRIMARY KEY (id)
CREATE INDEX build_job_steps_blobs ON public.build_job_steps USING btree (finished_at) WHERE (log_kept = 'blob'::text)
CREATE UNIQUE INDEX build_job_steps_job_id_number_key ON public.build_job_steps USING btree (job_id, number)
CREATE UNIQUE INDEX build_job_steps_pkey ON public.build_job_steps USING btree (id)
table build_jobs: id text collate "C" not null
table build_jobs: build_id text collate "C" not null
table build_jobs: key text collate "C" not null
table build_jobs: job_id text collate "C" not null
table build_jobs: name text collate "C" not null
table build_jobs: kind text collate "C" not null
table build_jobs: needs_json text collate "C" not null
table build_jobs: parent text collate "C"
table build_jobs: leg_of text collate "C"
table build_jobs: matrix_json text collate "C"
table build_jobs: position bigint not null
table build_jobs: attempt bigint not null
table build_jobs: latest bigint not null
table build_jobs: status text collate "C" not null
table build_jobs: result text collate "C"
table build_jobs: outcome text collate "C"
table build_jobs: outputs_json text collate "C" not null
table build_jobs: error text collate "C"
table build_jobs: reason text collate "C"
table build_jobs: infrastructure_failure bigint not null
table build_jobs: environment text collate "C"
table build_jobs: environment_url text collate "C"
table build_jobs: executor text collate "C"
table build_jobs: executor_ref text collate "C"
table build_jobs: frame_seq bigint not null
table build_jobs: carried_from text collate "C"
table build_jobs: created_at bigint not null
table build_jobs: waiting_at bigint
table build_jobs: queued_at bigint
table build_jobs: started_at bigint
table build_jobs: finished_at bigint
table build_jobs: constraint build_jobs_build_id_fkey FOREIGN KEY (build_id) REFERENCES builds(id) ON DELETE CASCADE
table build_jobs: constraint build_jobs_build_id_key_attempt_key UNIQUE (build_id, key, attempt)
table build_jobs: constraint build_jobs_pkey PRIMARY KEY (id)
CREATE UNIQUE INDEX build_jobs_build_id_key_attempt_key ON public.build_jobs USING btree (build_id, key, attempt)
CREATE UNIQUE INDEX build_jobs_pkey ON public.build_jobs USING btree (id)
table build_logs: ref_type text collate "C" not null
table build_logs: ref_id text collate "C" not null
table build_logs: chunk_seq bigint not null
table build_logs: end_byte bigint not null
table build_logs: content bytea not null
table build_logs: created_at bigint not null
table build_logs: constraint build_logs_pkey PRIMARY KEY (ref_type, ref_id, chunk_seq)
CREATE INDEX build_logs_by_byte ON public.build_logs USING btree (ref_type, ref_id, end_byte)
CREATE UNIQUE INDEX build_logs_pkey ON public.build_logs USING btree (ref_type, ref_id, chunk_seq)
table build_snapshots: build_seq bigint not null
table build_snapshots: file text collate "C" not null
table build_snapshots: content text collate "C" not null
table build_snapshots: github_json text collate "C" not null
table build_snapshots: inputs_json text collate "C" not null
table build_snapshots: vars_json text collate "C" not null
table build_snapshots: carried_json text collate "C"
table build_snapshots: only_jobs_json text collate "C"
table build_snapshots: constraint build_snapshots_build_seq_fkey FOREIGN KEY (build_seq) REFERENCES builds(seq) ON DELETE CASCADE
table build_snapshots: constraint build_snapshots_pkey PRIMARY KEY (build_seq)
CREATE UNIQUE INDEX build_snapshots_pkey ON public.build_snapshots USING btree (build_seq)
table build_warnings: build_id text collate "C" not null
table build_warnings: digest text collate "C" not null
table build_warnings: position bigint not null
table build_warnings: message text collate "C" not null
table build_warnings: constraint build_warnings_build_id_fkey FOREIGN KEY (build_id) REFERENCES builds(id) ON DELETE CASCADE
table build_warnings: constraint build_warnings_pkey PRIMARY KEY (build_id, digest)
CREATE UNIQUE INDEX build_warnings_pkey ON public.build_warnings USING btree (build_id, digest)
table builds: seq bigint generated always as identity not null
table builds: id text collate "C" not null
table builds: project_id text collate "C" not null
table builds: pipeline_id text collate "C" not null
table builds: number bigint not null
table builds: root_seq bigint
table builds: root_id text collate "C" not null
table builds: attempt bigint not null
table builds: attempts bigint not null
table builds: latest bigint not null
table builds: status text collate "C" not null
table builds: trigger text collate "C" not null
table builds: event text collate "C" not null
table builds: ref text collate "C" not null
table builds: sha text collate "C" not null
table builds: workflow text collate "C" not null
table builds: title text collate "C" not null
table builds: actor text collate "C" not null
table builds: error text collate "C"
table builds: error_code text collate "C"
table builds: cancel_reason text collate "C"
table builds: created_at bigint not null
table builds: queued_at bigint
table builds: started_at bigint
table builds: finished_at bigint
table builds: version bigint not null
table builds: fence bigint not null
table builds: owner text collate "C"
table builds: lease_until bigint
table builds: published_at bigint
table builds: lost_leases bigint not null
table builds: constraint builds_id_key UNIQUE (id)
table builds: constraint builds_pkey PRIMARY KEY (seq)
table builds: constraint builds_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE
CREATE INDEX builds_cancelled ON public.builds USING btree (project_id, seq) WHERE (status = 'cancelled'::text)
CREATE INDEX builds_failed ON public.builds USING btree (project_id, seq) WHERE (status = 'failed'::text)
CREATE UNIQUE INDEX builds_id_key ON public.builds USING btree (id)
CREATE INDEX builds_of_number ON public.builds USING btree (project_id, number, seq)
CREATE INDEX builds_of_pipeline ON public.builds USING btree (pipeline_id, seq)
CREATE INDEX builds_of_project ON public.builds USING btree (project_id, seq)
CREATE INDEX builds_of_ref ON public.builds USING btree (project_id, ref, seq)
CREATE INDEX builds_of_sha ON public.builds USING btree (sha, seq)
CREATE INDEX builds_of_trigger ON public.builds USING btree (project_id, trigger, seq)
CREATE UNIQUE INDEX builds_pkey ON public.builds USING btree (seq)
CREATE UNIQUE INDEX builds_rerun ON public.builds USING btree (root_id, attempt) WHERE (attempt > 1)
CREATE INDEX builds_running ON public.builds USING btree (project_id, seq) WHERE (status = 'running'::text)
CREATE INDEX builds_succeeded ON public.builds USING btree (project_id, seq) WHERE (status = 'succeeded'::text)
CREATE INDEX builds_waiting ON public.builds USING btree (project_id, seq) WHERE (status = ANY (ARRAY['pending'::text, 'queued'::text]))
table caches: id text collate "C" not null
table caches: database_id bigint not null
table caches: project_id text collate "C" not null
table caches: version text collate "C" not null
table caches: scope text collate "C" not null
table caches: key text collate "C" not null
table caches: blob_key text collate "C" not null
table caches: size_bytes bigint not null
table caches: created_at bigint not null
table caches: used_at bigint not null
table caches: constraint caches_pkey PRIMARY KEY (id)
table caches: constraint caches_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE
table caches: constraint caches_project_id_version_scope_key_key UNIQUE (project_id, version, scope, key)
CREATE INDEX caches_of_blob ON public.caches USING btree (blob_key)
CREATE UNIQUE INDEX caches_pkey ON public.caches USING btree (id)
CREATE UNIQUE INDEX caches_project_id_version_scope_key_key ON public.caches USING btree (project_id, version, scope, key)
CREATE INDEX caches_used ON public.caches USING btree (project_id, used_at)
table environments: id text collate "C" not null
table environments: project_id text collate "C" not null
table environments: name text collate "C" not null
table environments: name_key text collate "C" not null
table environments: reviewers_json text collate "C" not null
table environments: approval_timeout_ms bigint not null
table environments: created_at bigint not null
table environments: updated_at bigint not null
table environments: constraint environments_pkey PRIMARY KEY (id)
table environments: constraint environments_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE
table environments: constraint environments_project_id_name_key_key UNIQUE (project_id, name_key)
CREATE UNIQUE INDEX environments_pkey ON public.environments USING btree (id)
CREATE UNIQUE INDEX environments_project_id_name_key_key ON public.environments USING btree (project_id, name_key)
table group_places: build_id text collate "C" not null
table group_places: holder text collate "C" not null
table group_places: project_id text collate "C" not null
table group_places: group_key text collate "C" not null
table group_places: position bigint not null
table group_places: state text collate "C" not null
table group_places: occupies bigint not null
table group_places: reason text collate "C"
table group_places: entered_at bigint not null
table group_places: constraint group_places_build_id_fkey FOREIGN KEY (build_id) REFERENCES builds(id) ON DELETE CASCADE
table group_places: constraint group_places_pkey PRIMARY KEY (build_id, holder)
CREATE UNIQUE INDEX group_places_of_group ON public.group_places USING btree (project_id, group_key, "position")
CREATE UNIQUE INDEX group_places_pkey ON public.group_places USING btree (build_id, holder)
table job_slots: build_id text collate "C" not null
table job_slots: job_key text collate "C" not null
table job_slots: project_id text collate "C" not null
table job_slots: constraint job_slots_build_id_fkey FOREIGN KEY (build_id) REFERENCES builds(id) ON DELETE CASCADE
table job_slots: constraint job_slots_pkey PRIMARY KEY (build_id, job_key)
CREATE INDEX job_slots_of_project ON public.job_slots USING btree (project_id)
CREATE UNIQUE INDEX job_slots_pkey ON public.job_slots USING btree (build_id, job_key)
table login_codes: hash text collate "C" not null
table login_codes: token_id text collate "C" not null
table login_codes: expires_at bigint not null
table login_codes: constraint login_codes_pkey PRIMARY KEY (hash)
table login_codes: constraint login_codes_token_id_fkey FOREIGN KEY (token_id) REFERENCES api_tokens(id) ON DELETE CASCADE
CREATE UNIQUE INDEX login_codes_pkey ON public.login_codes USING btree (hash)
table pipelines: id text collate "C" not null
table pipelines: project_id text collate "C" not null
table pipelines: name text collate "C" not null
table pipelines: path text collate "C" not null
table pipelines: enabled bigint not null
table pipelines: created_at bigint not null
table pipelines: updated_at bigint not null
table pipelines: constraint pipelines_pkey PRIMARY KEY (id)
table pipelines: constraint pipelines_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE
table pipelines: constraint pipelines_project_id_name_key UNIQUE (project_id, name)
table pipelines: constraint pipelines_project_id_path_key UNIQUE (project_id, path)
CREATE UNIQUE INDEX pipelines_pkey ON public.pipelines USING btree (id)
CREATE UNIQUE INDEX pipelines_project_id_name_key ON public.pipelines USING btree (project_id, name)
CREATE UNIQUE INDEX pipelines_project_id_path_key ON public.pipelines USING btree (project_id, path)
table project_settings: project_id text collate "C" not null
table project_settings: kind text collate "C" not null
table project_settings: name text collate "C" not null
table project_settings: value text collate "C" not null
table project_settings: updated_at bigint not null
table project_settings: constraint project_settings_pkey PRIMARY KEY (project_id, kind, name)
table project_settings: constraint project_settings_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE
CREATE UNIQUE INDEX project_settings_pkey ON public.project_settings USING btree (project_id, kind, name)
table projects: id text collate "C" not null
table projects: name text collate "C" not null
table projects: repository_url text collate "C" not null
table projects: default_branch text collate "C" not null
table projects: settings_json text collate "C" not null
table projects: max_builds bigint
table projects: build_count bigint not null
table projects: created_at bigint not null
table projects: updated_at bigint not null
table projects: constraint projects_name_key UNIQUE (name)
table projects: constraint projects_pkey PRIMARY KEY (id)
CREATE INDEX projects_created ON public.projects USING btree (created_at, id)
CREATE UNIQUE INDEX projects_name_key ON public.projects USING btree (name)
CREATE UNIQUE INDEX projects_pkey ON public.projects USING btree (id)
table requests: caller text collate "C" not null
table requests: key text collate "C" not null
table requests: fingerprint text collate "C" not null
table requests: status bigint
table requests: body text collate "C"
table requests: expires_at bigint not null
table requests: constraint requests_pkey PRIMARY KEY (caller, key)
CREATE INDEX requests_expiry ON public.requests USING btree (expires_at)
CREATE UNIQUE INDEX requests_pkey ON public.requests USING btree (caller, key)
table runner_commands: mailbox_id bigint not null
table runner_commands: number bigint not null
table runner_commands: once text collate "C" not null
table runner_commands: command_json text collate "C" not null
table runner_commands: constraint runner_commands_mailbox_id_fkey FOREIGN KEY (mailbox_id) REFERENCES runner_mailboxes(id) ON DELETE CASCADE
table runner_commands: constraint runner_commands_mailbox_id_once_key UNIQUE (mailbox_id, once)
table runner_commands: constraint runner_commands_pkey PRIMARY KEY (mailbox_id, number)
CREATE UNIQUE INDEX runner_commands_mailbox_id_once_key ON public.runner_commands USING btree (mailbox_id, once)
CREATE UNIQUE INDEX runner_commands_pkey ON public.runner_commands USING btree (mailbox_id, number)
table runner_frames: mailbox_id bigint not null
table runner_frames: last_seq bigint not null
table runner_frames: first_seq bigint not null
table runner_frames: end_byte bigint not null
table runner_frames: final bigint not null
table runner_frames: gzip bigint not null
table runner_frames: content bytea not null
table runner_frames: constraint runner_frames_mailbox_id_fkey FOREIGN KEY (mailbox_id) REFERENCES runner_mailboxes(id) ON DELETE CASCADE
table runner_frames: constraint runner_frames_pkey PRIMARY KEY (mailbox_id, last_seq)
CREATE UNIQUE INDEX runner_frames_pkey ON public.runner_frames USING btree (mailbox_id, last_seq)
table runner_mailboxes: id bigint generated always as identity not null
table runner_mailboxes: build_id text collate "C" not null
table runner_mailboxes: job_key text collate "C" not null
table runner_mailboxes: attempt bigint not null
table runner_mailboxes: opened_at bigint not null
table runner_mailboxes: heard_at bigint
table runner_mailboxes: accepted_seq bigint not null
table runner_mailboxes: received_bytes bigint not null
table runner_mailboxes: read_bytes bigint not null
table runner_mailboxes: constraint runner_mailboxes_build_id_fkey FOREIGN KEY (build_id) REFERENCES builds(id) ON DELETE CASCADE
table runner_mailboxes: constraint runner_mailboxes_build_id_job_key_attempt_key UNIQUE (build_id, job_key, attempt)
table runner_mailboxes: constraint runner_mailboxes_pkey PRIMARY KEY (id)
CREATE UNIQUE INDEX runner_mailboxes_build_id_job_key_attempt_key ON public.runner_mailboxes USING btree (build_id, job_key, attempt)
CREATE UNIQUE INDEX runner_mailboxes_pkey ON public.runner_mailboxes USING btree (id)
table schedules: id text collate "C" not null
table schedules: pipeline_id text collate "C" not null
table schedules: cron text collate "C" not null
table schedules: timezone text collate "C" not null
table schedules: next_at bigint not null
table schedules: constraint schedules_pipeline_id_cron_timezone_key UNIQUE (pipeline_id, cron, timezone)
table schedules: constraint schedules_pipeline_id_fkey FOREIGN KEY (pipeline_id) REFERENCES pipelines(id) ON DELETE CASCADE
table schedules: constraint schedules_pkey PRIMARY KEY (id)
CREATE INDEX schedules_next ON public.schedules USING btree (next_at)
CREATE UNIQUE INDEX schedules_pipeline_id_cron_timezone_key ON public.schedules USING btree (pipeline_id, cron, timezone)
CREATE UNIQUE INDEX schedules_pkey ON public.schedules USING btree (id)
table schema_migrations: name text collate "C" not null
table schema_migrations: at bigint not null
table schema_migrations: constraint schema_migrations_pkey PRIMARY KEY (name)
CREATE UNIQUE INDEX schema_migrations_pkey ON public.schema_migrations USING btree (name)
table server_marks: name text collate "C" not null
table server_marks: at bigint not null
table server_marks: constraint server_marks_pkey PRIMARY KEY (name)
CREATE UNIQUE INDEX server_marks_pkey ON public.server_marks USING btree (name)
table webhook_deliveries: seq bigint generated always as identity not null
table webhook_deliveries: id text collate "C" not null
table webhook_deliveries: webhook_id text collate "C" not null
table webhook_deliveries: event_id text collate "C" not null
table webhook_deliveries: event text collate "C" not null
table webhook_deliveries: payload_json text collate "C" not null
table webhook_deliveries: state text collate "C" not null
table webhook_deliveries: attempts bigint not null
table webhook_deliveries: next_at bigint
table webhook_deliveries: leased_until bigint
table webhook_deliveries: last_status bigint
table webhook_deliveries: last_error text collate "C"
table webhook_deliveries: created_at bigint not null
table webhook_deliveries: delivered_at bigint
table webhook_deliveries: constraint webhook_deliveries_id_key UNIQUE (id)
table webhook_deliveries: constraint webhook_deliveries_pkey PRIMARY KEY (seq)
table webhook_deliveries: constraint webhook_deliveries_webhook_id_event_id_key UNIQUE (webhook_id, event_id)
table webhook_deliveries: constraint webhook_deliveries_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE
CREATE INDEX webhook_deliveries_due ON public.webhook_deliveries USING btree (next_at) WHERE (state = 'waiting'::text)
CREATE UNIQUE INDEX webhook_deliveries_id_key ON public.webhook_deliveries USING btree (id)
CREATE INDEX webhook_deliveries_of_webhook ON public.webhook_deliveries USING btree (webhook_id, seq)
CREATE UNIQUE INDEX webhook_deliveries_pkey ON public.webhook_deliveries USING btree (seq)
CREATE UNIQUE INDEX webhook_deliveries_webhook_id_event_id_key ON public.webhook_deliveries USING btree (webhook_id, event_id)
table webhooks: id text collate "C" not null
table webhooks: project_id text collate "C" not null
table webhooks: url text collate "C" not null
table webhooks: events_json text collate "C" not null
table webhooks: secret text collate "C" not null
table webhooks: enabled bigint not null
table webhooks: created_at bigint not null
table webhooks: constraint webhooks_pkey PRIMARY KEY (id)
table webhooks: constraint webhooks_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE
CREATE INDEX webhooks_of_project ON public.webhooks USING btree (project_id)
CREATE UNIQUE INDEX webhooks_pkey ON public.webhooks USING btree (id)
