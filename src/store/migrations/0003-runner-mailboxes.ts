import { sql } from "kysely";
import type { EngineTraits } from "../engine/engine.ts";
import type { Migration } from "./migration.ts";

/** Frames that runners have pushed and their workers have not yet dealt with, and commands for them. */
export const runnerMailboxes: Migration = {
  name: "0003-runner-mailboxes",
  async up(engine, session) {
    for (const statement of statements(engine.traits))
      await session.query(sql.raw(statement).compile(engine.db));
  },
};

const statements = ({ types: { text, number, bytes, counted } }: EngineTraits): readonly string[] => [
  `create table runner_mailboxes (
    id ${counted},
    build_id ${text} not null references builds (id) on delete cascade,
    job_key ${text} not null,
    attempt ${number} not null,
    opened_at ${number} not null,
    heard_at ${number},
    accepted_seq ${number} not null default 0,
    received_bytes ${number} not null default 0,
    read_bytes ${number} not null default 0,
    unique (build_id, job_key, attempt)
  )`,
  `create table runner_frames (
    mailbox_id ${number} not null references runner_mailboxes (id) on delete cascade,
    last_seq ${number} not null,
    first_seq ${number} not null,
    end_byte ${number} not null,
    final ${number} not null,
    gzip ${number} not null,
    content ${bytes} not null,
    primary key (mailbox_id, last_seq)
  )`,
  `create table runner_commands (
    mailbox_id ${number} not null references runner_mailboxes (id) on delete cascade,
    number ${number} not null,
    once ${text} not null,
    command_json ${text} not null,
    primary key (mailbox_id, number),
    unique (mailbox_id, once)
  )`,
];
