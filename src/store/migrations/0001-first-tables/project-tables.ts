import type { EngineTraits } from "../../engine/engine.ts";

export const projectTables = ({ text, number }: EngineTraits["types"]): readonly string[] => [
  `create table projects (
    id ${text} primary key,
    name ${text} not null unique,
    repository_url ${text} not null,
    default_branch ${text} not null,
    settings_json ${text} not null,
    max_builds ${number},
    build_count ${number} not null,
    created_at ${number} not null,
    updated_at ${number} not null
  )`,
  `create index projects_created on projects (created_at, id)`,
  `create table pipelines (
    id ${text} primary key,
    project_id ${text} not null references projects (id) on delete cascade,
    name ${text} not null,
    path ${text} not null,
    enabled ${number} not null,
    created_at ${number} not null,
    updated_at ${number} not null,
    unique (project_id, name),
    unique (project_id, path)
  )`,
  `create table environments (
    id ${text} primary key,
    project_id ${text} not null references projects (id) on delete cascade,
    name ${text} not null,
    name_key ${text} not null,
    reviewers_json ${text} not null,
    approval_timeout_ms ${number} not null,
    created_at ${number} not null,
    updated_at ${number} not null,
    unique (project_id, name_key)
  )`,
  `create table project_settings (
    project_id ${text} not null references projects (id) on delete cascade,
    kind ${text} not null,
    name ${text} not null,
    value ${text} not null,
    updated_at ${number} not null,
    primary key (project_id, kind, name)
  )`,
  `create table schedules (
    id ${text} primary key,
    pipeline_id ${text} not null references pipelines (id) on delete cascade,
    cron ${text} not null,
    timezone ${text} not null,
    next_at ${number} not null,
    unique (pipeline_id, cron, timezone)
  )`,
  `create index schedules_next on schedules (next_at)`,
];
