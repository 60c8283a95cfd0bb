import type { EngineTraits } from "../../engine/engine.ts";

export const turnTables = ({ text, number, clustered }: EngineTraits["types"]): readonly string[] => [
  `create table job_slots (
    build_id ${text} not null references builds (id) on delete cascade,
    job_key ${text} not null,
    project_id ${text} not null,
    primary key (build_id, job_key)
  ) ${clustered}`,
  `create index job_slots_of_project on job_slots (project_id)`,
  `create table group_places (
    build_id ${text} not null references builds (id) on delete cascade,
    holder ${text} not null,
    project_id ${text} not null,
    group_key ${text} not null,
    position ${number} not null,
    state ${text} not null,
    occupies ${number} not null,
    reason ${text},
    entered_at ${number} not null,
    primary key (build_id, holder)
  ) ${clustered}`,
  `create unique index group_places_of_group on group_places (project_id, group_key, position)`,
  `create table approvals (
    id ${text} primary key,
    build_id ${text} not null references builds (id) on delete cascade,
    job_key ${text} not null,
    environment ${text} not null,
    reviewers_json ${text} not null,
    created_at ${number} not null,
    expires_at ${number} not null,
    state ${text} not null,
    decided_by ${text},
    comment ${text},
    decided_at ${number},
    unique (build_id, job_key)
  )`,
  `create index approvals_waiting on approvals (expires_at) where state = 'waiting'`,
];
