import type { Generated } from "kysely";

/** Mailboxes of runners that push. */
export interface RunnerTables {
  readonly runner_mailboxes: RunnerMailboxRow;
  readonly runner_frames: RunnerFramesRow;
  readonly runner_commands: RunnerCommandRow;
}

interface RunnerMailboxRow {
  id: Generated<number>;
  build_id: string;
  job_key: string;
  attempt: number;
  opened_at: number;
  heard_at: number | null;
  accepted_seq: number;
  /** Of all batches until now, as they lie here. */
  received_bytes: number;
  /** How far in them the worker has read. */
  read_bytes: number;
}

interface RunnerFramesRow {
  mailbox_id: number;
  last_seq: number;
  first_seq: number;
  /** `received_bytes` with this batch. */
  end_byte: number;
  /** 1: it ends with `job.finished`. */
  final: number;
  gzip: number;
  content: Uint8Array;
}

interface RunnerCommandRow {
  mailbox_id: number;
  number: number;
  once: string;
  command_json: string;
}
