import type { Clock } from "../../clock.ts";
import type { EventBus } from "../../events/event-bus.ts";
import type { PlatformEvent } from "../../events/platform-event.ts";
import type { BuildLease } from "../../store/build-record.ts";
import type { GroupHolder, GroupPlacement, GroupStore } from "../../store/group-store.ts";
import type { BuildDecision } from "../build-decision.ts";
import { type Patience, untilReached } from "./until-reached.ts";
import { Watch } from "./watch.ts";

export type AcquireGroup = Extract<BuildDecision, { kind: "acquire-group" }>;

export interface GroupPlacesOptions {
  readonly groups: GroupStore;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly lease: BuildLease;
  readonly projectId: string;
  readonly onGranted: (holder: string) => void;
  readonly onCancelled: (holder: string, reason: string) => void;
  readonly onWaiting: (asked: AcquireGroup) => void;
  /** The records refuse: the build cannot go on. */
  readonly onFailure: (error: unknown) => void;
}

interface Place {
  state: "asked" | "waiting" | "running" | "cancelled";
}

/** Events tell of every change; this is for those that get lost. */
const LOOK_EVERY_MS = 15_000;

/** The places of one build in the `concurrency` groups of the server. */
export class GroupPlaces {
  readonly #options: GroupPlacesOptions;
  readonly #places = new Map<string, Place>();
  readonly #watch: Watch;
  /** Calls for one holder go in the order they were made. */
  #calls: Promise<void> = Promise.resolve();

  constructor(options: GroupPlacesOptions) {
    this.#options = options;
    const { events, clock, lease } = options;
    this.#watch = new Watch({
      events,
      clock,
      filter: { types: ["group.changed"] },
      concerns: (event) => concerns(event, lease.buildId),
      everyMs: LOOK_EVERY_MS,
      look: () => this.#look(),
    });
  }

  acquire(asked: AcquireGroup): void {
    const { holder, setting, within } = asked;
    const { groups, lease, projectId, clock, onWaiting } = this.#options;
    const place: Place = { state: "asked" };
    this.#places.set(holder, place);
    this.#call(async () => {
      if (this.#places.get(holder) !== place) return;
      const { group, cancelInProgress, queue } = setting;
      const entry = { projectId, group, holder, within, cancelInProgress, queue, at: clock.now() };
      const placement = await untilReached(this.#options.patience, () => groups.enter(lease, entry));
      this.#tell(placement.changed);
      if (placement.state === "waiting") onWaiting(asked);
      this.#take(placement);
      this.#watch.start();
    });
  }

  /** A place that a build which is resumed had been given. */
  keep(holder: string): void {
    this.#places.set(holder, { state: "running" });
    this.#watch.start();
  }

  release(holder: string): void {
    if (!this.#places.delete(holder)) return;
    if (this.#places.size === 0) this.#watch.stop();
    this.#leave(holder);
  }

  /** Gives back what the records still have of places that were released before a crash. */
  leaveOthers(): void {
    const { groups, lease, patience } = this.#options;
    this.#call(async () => {
      for (const { holder } of await untilReached(patience, () => groups.placements(lease.buildId))) {
        if (!this.#places.has(holder)) this.#leave(holder);
      }
    });
  }

  /** Looks no more. */
  stop(): void {
    this.#watch.stop();
  }

  /** The build has ended: gives everything back; resolves once that is in the records. */
  async close(): Promise<void> {
    this.#watch.stop();
    for (const holder of [...this.#places.keys()]) this.release(holder);
    await this.#calls;
  }

  #leave(holder: string): void {
    const { groups, lease, patience } = this.#options;
    this.#call(async () => {
      const next = await untilReached(patience, () => groups.leave(lease.buildId, holder));
      if (next !== undefined) this.#tell([next]);
    });
  }

  async #look(): Promise<void> {
    const { groups, lease, patience } = this.#options;
    await this.#call(async () => {
      const placements = await untilReached(patience, () => groups.placements(lease.buildId));
      for (const placement of placements) this.#take(placement);
    });
  }

  #take({ holder, state, reason }: GroupPlacement): void {
    const place = this.#places.get(holder);
    if (place === undefined || place.state === state) return;
    if (place.state === "cancelled" || (place.state === "running" && state === "waiting")) return;
    place.state = state;
    if (state === "running") this.#options.onGranted(holder);
    if (state === "cancelled")
      this.#options.onCancelled(holder, reason ?? "its concurrency group is not for it");
  }

  #tell(holders: readonly GroupHolder[]): void {
    if (holders.length === 0) return;
    const plain = holders.map(({ buildId, holder }) => ({ buildId, holder }));
    this.#options.events.publish({ type: "group.changed", holders: plain });
  }

  #call(call: () => Promise<void>): Promise<void> {
    this.#calls = this.#calls.then(call).catch((error: unknown) => {
      if (!this.#options.patience.signal.aborted) this.#options.onFailure(error);
    });
    return this.#calls;
  }
}

function concerns(event: PlatformEvent, buildId: string): boolean {
  return event.type === "group.changed" && event.holders.some((holder) => holder.buildId === buildId);
}
