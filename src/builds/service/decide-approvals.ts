import { ExecError } from "../../errors.ts";
import { isFinal } from "../../status.ts";
import type { ApprovalRecord } from "../../store/approval-store.ts";
import type { DecideRequest } from "./executor-service.ts";
import type { ExecutorServiceParts } from "./executor-service-parts.ts";

/** See `ExecutorService.decide`. The same decision by anyone again changes nothing and gives what was decided. */
export async function decideApprovals(
  request: DecideRequest,
  { store, events, clock }: ExecutorServiceParts,
): Promise<readonly ApprovalRecord[]> {
  const { buildId, by, approve, comment } = request;
  const at = clock.now();
  const state = approve ? "approved" : "rejected";
  const { status } = await store.builds.get(buildId);
  const asked = (await store.approvals.list(buildId)).filter((each) => concerns(request, each));
  const waiting = isFinal(status)
    ? []
    : asked.filter((each) => each.state === "waiting" && each.expiresAt > at);
  if (waiting.length === 0) return decidedBefore(request, asked, state);
  const allowed = waiting.filter((each) => mayDecide(request, each));
  if (allowed.length === 0) {
    throw new ExecError("Forbidden", `${by} is no reviewer of ${environmentsOf(waiting)}.`);
  }
  const decided: ApprovalRecord[] = [];
  for (const { id } of allowed) {
    const decision = { state, by, at, ...(comment === undefined ? {} : { comment }) } as const;
    decided.push(await store.approvals.decide(id, decision));
    events.publish({ type: "approval.decided", buildId, approvalId: id });
  }
  return decided;
}

function concerns({ environment }: DecideRequest, approval: ApprovalRecord): boolean {
  return environment === undefined || sameName(environment, approval.environment);
}

function mayDecide({ by, override }: DecideRequest, { reviewers }: ApprovalRecord): boolean {
  return override || reviewers.some((name) => name === "*" || sameName(name, by));
}

function decidedBefore(
  request: DecideRequest,
  asked: readonly ApprovalRecord[],
  state: ApprovalRecord["state"],
): readonly ApprovalRecord[] {
  const same = asked.filter((each) => each.state === state);
  if (same.length > 0) return same;
  const [other] = asked;
  const where = request.environment === undefined ? "" : ` for ${request.environment}`;
  if (other === undefined) throw new ExecError("NotFound", `No job waits for an approval${where}.`);
  const how =
    other.state === "waiting" ? "is over" : other.state === "expired" ? "has expired" : `was ${other.state}`;
  throw new ExecError("Conflict", `No job waits for an approval${where}: what was asked for ${how}.`);
}

function environmentsOf(approvals: readonly ApprovalRecord[]): string {
  return [...new Set(approvals.map(({ environment }) => environment))].join(", ");
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
