import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { ApprovalRecord } from "../../../store/approval-store.ts";
import { type Approval, ApprovalSchema } from "../gen/ci/v1/build_pb.ts";
import { APPROVAL_STATE } from "./enums.ts";
import { present } from "./present.ts";
import { fromTimestamp, requiredTime, toTimestamp } from "./scalars.ts";

export function toApprovalMessage(approval: ApprovalRecord): Approval {
  const { decidedAt, ...same } = approval;
  const init: MessageInitShape<typeof ApprovalSchema> = {
    ...same,
    reviewers: [...approval.reviewers],
    createdAt: toTimestamp(approval.createdAt),
    expiresAt: toTimestamp(approval.expiresAt),
    state: APPROVAL_STATE.toWire(approval.state),
    ...present({ decidedAt: toTimestamp(decidedAt) }),
  };
  return create(ApprovalSchema, init);
}

export function fromApprovalMessage(message: Approval): ApprovalRecord {
  const { $typeName: _, $unknown: __, ...approval } = message;
  return present({
    ...approval,
    createdAt: requiredTime(message.createdAt, "created_at"),
    expiresAt: requiredTime(message.expiresAt, "expires_at"),
    state: APPROVAL_STATE.toWord(message.state),
    decidedBy: message.decidedBy,
    comment: message.comment,
    decidedAt: fromTimestamp(message.decidedAt),
  });
}
