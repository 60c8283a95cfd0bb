import { type Client, createClient } from "@connectrpc/connect";
import type {
  BuildView,
  CreateBuildRequest,
  DecideRequest,
  ExecutorService as Executor,
  LogPiece,
  RerunRequest,
  StreamLogsRequest,
} from "../../builds/service/executor-service.ts";
import { isFinal } from "../../status.ts";
import type { ApprovalRecord } from "../../store/approval-store.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { BuildFilter } from "../../store/build-store.ts";
import type { Page, PageRequest } from "../../store/page.ts";
import { type CallSettings, call, resumedStream } from "./call.ts";
import { ExecutorService } from "./gen/ci/v1/executor_pb.ts";
import { fromApprovalMessage } from "./messages/approval-message.ts";
import { fromBuildMessage } from "./messages/build-message.ts";
import {
  fromLogPiece,
  toCreateBuild,
  toDecide,
  toListBuilds,
  toRerun,
  toStreamLogs,
} from "./messages/executor-requests.ts";
import { required } from "./messages/scalars.ts";
import { fromViewMessage } from "./messages/view-message.ts";
import type { GrpcChannel } from "./open-grpc-channel.ts";

/**
 * The ExecutorService of another process. Errors are the same as in memory; that it cannot be reached is `Transient`,
 * that it does not answer in time `Timeout`. Streams survive a cut connection without a gap or a repeat.
 */
export class GrpcExecutorService implements Executor {
  readonly #client: Client<typeof ExecutorService>;
  readonly #settings: CallSettings;

  constructor(channel: Pick<GrpcChannel, "transport">, settings: CallSettings) {
    this.#client = createClient(ExecutorService, channel.transport);
    this.#settings = settings;
  }

  async createBuild(request: CreateBuildRequest): Promise<BuildRecord> {
    const { build } = await call(this.#settings, (options) =>
      this.#client.createBuild(toCreateBuild(request), options),
    );
    return fromBuildMessage(required(build, "build"));
  }

  async getBuild(buildId: string): Promise<BuildView> {
    const { view } = await call(this.#settings, (options) => this.#client.getBuild({ buildId }, options));
    return fromViewMessage(view);
  }

  async listBuilds(filter: BuildFilter, page: PageRequest): Promise<Page<BuildRecord>> {
    const { builds, nextPageToken } = await call(this.#settings, (options) =>
      this.#client.listBuilds(toListBuilds(filter, page), options),
    );
    const items = builds.map(fromBuildMessage);
    return nextPageToken === "" ? { items } : { items, next: nextPageToken };
  }

  async *watchBuild(buildId: string, signal: AbortSignal): AsyncGenerator<BuildView> {
    let last: BuildView | undefined;
    let isFirst = false;
    const messages = resumedStream(
      this.#settings,
      signal,
      () => {
        isFirst = true;
        return this.#client.watchBuild({ buildId }, { signal });
      },
      () => last !== undefined && isFinal(last.build.status),
    );
    for await (const { view } of messages) {
      const next = fromViewMessage(view);
      // After a cut the build is told as it is, which may be what is known already.
      const isKnown = isFirst && last !== undefined && next.build.version <= last.build.version;
      isFirst = false;
      if (isKnown) continue;
      last = next;
      yield next;
    }
  }

  async *streamLogs(request: StreamLogsRequest, signal: AbortSignal): AsyncGenerator<LogPiece> {
    let offset = request.offset ?? 0;
    const { end } = request;
    const messages = resumedStream(
      this.#settings,
      signal,
      () => this.#client.streamLogs(toStreamLogs({ ...request, offset }), { signal }),
      // A log's end is told by the stream's own end; there is no other.
      (cut) => !cut || (end !== undefined && offset > end),
    );
    for await (const message of messages) {
      const piece = fromLogPiece(message);
      offset = piece.offset + piece.data.length;
      yield piece;
    }
  }

  async cancelBuild(buildId: string, reason: string): Promise<BuildRecord> {
    const { build } = await call(this.#settings, (options) =>
      this.#client.cancelBuild({ buildId, reason }, options),
    );
    return fromBuildMessage(required(build, "build"));
  }

  async rerunBuild(request: RerunRequest): Promise<BuildRecord> {
    const { build } = await call(this.#settings, (options) =>
      this.#client.rerunBuild(toRerun(request), options),
    );
    return fromBuildMessage(required(build, "build"));
  }

  async decide(request: DecideRequest): Promise<readonly ApprovalRecord[]> {
    const { approvals } = await call(this.#settings, (options) =>
      this.#client.decideApprovals(toDecide(request), options),
    );
    return approvals.map(fromApprovalMessage);
  }
}
