import type { BuildLease } from "./build-record.ts";

/** Jobs that wait for a reviewer. */
export interface ApprovalStore {
  /** Asked for again by the same job of the same build: the one that is there. */
  request(lease: BuildLease, approval: NewApproval): Promise<ApprovalRecord>;
  /** Decides one that waits; rejects with `Conflict` if it was decided otherwise or has expired. Same decision again: no-op. */
  decide(id: string, decision: ApprovalDecision): Promise<ApprovalRecord>;
  /** Of a build, oldest first. */
  list(buildId: string): Promise<readonly ApprovalRecord[]>;
  /** Those that still wait though their time is over, of all builds. */
  expired(now: number, limit: number): Promise<readonly ApprovalRecord[]>;
}

export interface NewApproval {
  readonly id: string;
  readonly buildId: string;
  /** `JobRecord.key`. */
  readonly jobKey: string;
  readonly environment: string;
  readonly reviewers: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface ApprovalDecision {
  readonly state: "approved" | "rejected" | "expired";
  readonly by: string;
  readonly comment?: string;
  readonly at: number;
}

export interface ApprovalRecord extends NewApproval {
  readonly state: "waiting" | ApprovalDecision["state"];
  readonly decidedBy?: string;
  readonly comment?: string;
  readonly decidedAt?: number;
}
