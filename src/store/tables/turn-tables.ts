import type { ApprovalRecord } from "../approval-store.ts";
import type { GroupPlacement } from "../group-store.ts";

/** What decides whose turn it is: slots, groups, approvals. */
export interface TurnTables {
  readonly job_slots: JobSlotRow;
  readonly group_places: GroupPlaceRow;
  readonly approvals: ApprovalRow;
}

export interface JobSlotRow {
  build_id: string;
  job_key: string;
  project_id: string;
}

export interface GroupPlaceRow {
  build_id: string;
  holder: string;
  project_id: string;
  /** Without case. */
  group_key: string;
  /** Order of arrival in the group. */
  position: number;
  state: GroupPlacement["state"];
  /** 1: the group is its own, until it leaves, even where it was cancelled. */
  occupies: number;
  reason: string | null;
  entered_at: number;
}

export interface ApprovalRow {
  id: string;
  build_id: string;
  job_key: string;
  environment: string;
  reviewers_json: string;
  created_at: number;
  expires_at: number;
  state: ApprovalRecord["state"];
  decided_by: string | null;
  comment: string | null;
  decided_at: number | null;
}
