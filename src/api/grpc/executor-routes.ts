import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { ExecutorService as Executor } from "../../builds/service/executor-service.ts";
import { requirePermission } from "../../identity/require-permission.ts";
import { callContext } from "./call-context.ts";
import { ExecutorAccess, type ExecutorAccessOptions, speaker } from "./executor-access.ts";
import type { ExecutorService } from "./gen/ci/v1/executor_pb.ts";
import { toApprovalMessage } from "./messages/approval-message.ts";
import { toBuildMessage } from "./messages/build-message.ts";
import {
  fromCreateBuild,
  fromDecide,
  fromListBuilds,
  fromRerun,
  fromStreamLogs,
  toLogPiece,
} from "./messages/executor-requests.ts";
import { toViewMessage } from "./messages/view-message.ts";

export interface ExecutorRoutesOptions extends ExecutorAccessOptions {
  readonly executor: Executor;
}

/** The ExecutorService of this process for those who call it from others. */
export function executorRoutes(options: ExecutorRoutesOptions): ServiceImpl<typeof ExecutorService> {
  const { executor } = options;
  const access = new ExecutorAccess(options);
  const callerOf = (context: HandlerContext) => callContext(context).caller;
  return {
    async createBuild(message, context) {
      requirePermission(callerOf(context), "admin");
      return { build: toBuildMessage(await executor.createBuild(fromCreateBuild(message))) };
    },

    async getBuild({ buildId }, context) {
      await access.ofBuild(callerOf(context), "project:read", buildId);
      return { view: toViewMessage(await executor.getBuild(buildId)) };
    },

    async listBuilds(message, context) {
      const { filter, page } = fromListBuilds(message);
      requirePermission(callerOf(context), "project:read", filter.projectId);
      const { items, next = "" } = await executor.listBuilds(filter, page);
      return { builds: items.map(toBuildMessage), nextPageToken: next };
    },

    async *watchBuild({ buildId }, context) {
      const allowed = access.whileAllowed(
        (signal) => executor.watchBuild(buildId, signal),
        callContext(context),
        context.signal,
        (caller) => access.ofBuild(caller, "project:read", buildId),
      );
      for await (const view of allowed) yield { view: toViewMessage(view) };
      throwIfCut(context);
    },

    async *streamLogs(message, context) {
      const request = fromStreamLogs(message);
      const allowed = access.whileAllowed(
        (signal) => executor.streamLogs(request, signal),
        callContext(context),
        context.signal,
        (caller) => access.ofStep(caller, "project:read", request.stepId),
      );
      for await (const piece of allowed) yield toLogPiece(piece);
      throwIfCut(context);
    },

    async cancelBuild({ buildId, reason }, context) {
      const caller = callerOf(context);
      await access.ofBuild(caller, "project:write", buildId);
      const why = reason === "" ? `Cancelled by ${caller.name}.` : reason;
      return { build: toBuildMessage(await executor.cancelBuild(buildId, why)) };
    },

    async rerunBuild(message, context) {
      const caller = callerOf(context);
      const request = fromRerun(message);
      await access.ofBuild(caller, "project:write", request.buildId);
      const actor = speaker(caller, request.actor);
      return { build: toBuildMessage(await executor.rerunBuild({ ...request, actor })) };
    },

    async decideApprovals(message, context) {
      const caller = callerOf(context);
      const request = fromDecide(message);
      await access.ofBuild(caller, request.override ? "admin" : "project:write", request.buildId);
      const approvals = await executor.decide({ ...request, by: speaker(caller, request.by) });
      return { approvals: approvals.map(toApprovalMessage) };
    },
  };
}

/** A stream that a stopping server ends must not look like one that is whole. */
function throwIfCut({ signal }: HandlerContext): void {
  if (signal.aborted) throw signal.reason;
}
