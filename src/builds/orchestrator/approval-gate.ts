import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { EventBus } from "../../events/event-bus.ts";
import { newId } from "../../new-id.ts";
import type { ApprovalRecord } from "../../store/approval-store.ts";
import type { BuildLease } from "../../store/build-record.ts";
import type { EnvironmentRecord } from "../../store/project-record.ts";
import type { Store } from "../../store/store.ts";
import { afterLong } from "./after-long.ts";
import { type Patience, untilReached } from "./until-reached.ts";
import { Watch } from "./watch.ts";

export interface ApprovalGateOptions {
  readonly store: Pick<Store, "approvals" | "projects">;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly lease: BuildLease;
  readonly projectId: string;
}

/** `refused`: why, for a person. */
type Passage =
  | { readonly kind: "open" }
  | { readonly kind: "stopped" }
  | { readonly kind: "refused"; readonly reason: string };

/** A decision is told by an event; this is for those that get lost. */
const LOOK_EVERY_MS = 30_000;

/** Jobs whose deployment environment has reviewers wait here until one of them has decided, or it is too late. */
export class ApprovalGate {
  readonly #options: ApprovalGateOptions;

  constructor(options: ApprovalGateOptions) {
    this.#options = options;
  }

  /** `stopped` where `signal` aborted before. `onWaiting` is called where somebody has to decide. */
  async pass(
    jobKey: string,
    environment: string,
    signal: AbortSignal,
    onWaiting: (environment: EnvironmentRecord) => void,
  ): Promise<Passage> {
    const { store, patience, projectId } = this.#options;
    const found = await untilReached(patience, () => store.projects.findEnvironment(projectId, environment));
    if (found === undefined || found.reviewers.length === 0) return { kind: "open" };
    if (signal.aborted) return { kind: "stopped" };
    const asked = await this.#ask(jobKey, found);
    if (asked.state === "waiting") onWaiting(found);
    const decided = await this.#decided(asked, signal);
    return decided === undefined ? await this.#close(asked) : passageOf(decided);
  }

  #ask(jobKey: string, { name, reviewers, approvalTimeoutMs }: EnvironmentRecord): Promise<ApprovalRecord> {
    const { store, patience, lease, clock } = this.#options;
    const now = clock.now();
    const approval = {
      id: newId(now),
      buildId: lease.buildId,
      jobKey,
      environment: name,
      reviewers,
      createdAt: now,
      expiresAt: now + approvalTimeoutMs,
    };
    return untilReached(patience, () => store.approvals.request(lease, approval));
  }

  /** Undefined: it is not waited for any more. */
  async #decided(asked: ApprovalRecord, signal: AbortSignal): Promise<ApprovalRecord | undefined> {
    if (asked.state !== "waiting") return asked;
    const { events, clock, patience, lease } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<ApprovalRecord | undefined>();
    const watch = new Watch({
      events,
      clock,
      filter: { types: ["approval.decided"], buildId: lease.buildId },
      everyMs: LOOK_EVERY_MS,
      look: async () => {
        try {
          const now = await this.#current(asked.id);
          if (now !== undefined && now.state !== "waiting") resolve(now);
          else if (clock.now() >= asked.expiresAt) resolve(await this.#expire(asked));
        } catch (error) {
          reject(error);
        }
      },
    });
    const leave = () => resolve(undefined);
    signal.addEventListener("abort", leave, { once: true });
    patience.signal.addEventListener("abort", leave, { once: true });
    const stopTimer = afterLong(clock, asked.expiresAt - clock.now(), () => watch.wake());
    if (signal.aborted) leave();
    else watch.start();
    try {
      return await promise;
    } finally {
      watch.stop();
      stopTimer();
      signal.removeEventListener("abort", leave);
      patience.signal.removeEventListener("abort", leave);
    }
  }

  async #current(id: string): Promise<ApprovalRecord | undefined> {
    const { store, patience, lease } = this.#options;
    const all = await untilReached(patience, () => store.approvals.list(lease.buildId));
    return all.find((each) => each.id === id);
  }

  /** Somebody may have been faster. */
  async #expire(asked: ApprovalRecord, comment?: string): Promise<ApprovalRecord> {
    const { store, patience, clock } = this.#options;
    const why = comment === undefined ? {} : { comment };
    const decision = { state: "expired", by: "slipway", at: clock.now(), ...why } as const;
    try {
      return await untilReached(patience, () => store.approvals.decide(asked.id, decision));
    } catch (error) {
      if (!(error instanceof ExecError) || error.code !== "Conflict") throw error;
      return (await this.#current(asked.id)) ?? { ...asked, ...decision };
    }
  }

  /** The job was cancelled: nobody needs to decide any more. */
  async #close(asked: ApprovalRecord): Promise<Passage> {
    if (!this.#options.patience.signal.aborted) await this.#expire(asked, "the job was cancelled");
    return { kind: "stopped" };
  }
}

function passageOf({ state, decidedBy, comment, environment }: ApprovalRecord): Passage {
  const said = comment === undefined || comment === "" ? "" : `: ${comment}`;
  switch (state) {
    case "approved":
      return { kind: "open" };
    case "rejected":
      return {
        kind: "refused",
        reason: `${decidedBy ?? "A reviewer"} rejected it for '${environment}'${said}`,
      };
    case "expired":
    case "waiting":
      return { kind: "refused", reason: `Nobody reviewed it for '${environment}' in time` };
  }
}
