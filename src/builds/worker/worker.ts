import { ExecError } from "../../errors.ts";
import type { Subscription } from "../../events/event-bus.ts";
import type { BuildDelivery } from "../../queue/queue-client.ts";
import { isFinal } from "../../status.ts";
import type { BuildLease } from "../../store/build-record.ts";
import type { ClaimedBuild } from "../../store/build-store.ts";
import type { ClaimedRun } from "../orchestrator/claimed-run.ts";
import { HeldBack } from "./held-back.ts";
import { LeaseKeeper, type LostLease } from "./lease-keeper.ts";
import { Places } from "./places.ts";
import { TicketConsumer } from "./ticket-consumer.ts";
import type { WorkerOptions } from "./worker-options.ts";

const LEASE_MS = 30_000;
const MAX_LOSSES = 20;
/** A ticket in hand waits so long for a place here before it is handed back to other workers. */
const HOLD_MS = 50;
const MOST_IN_HAND = 8;
/** Runners that are killed have gone by then. */
const ABANDON_LIMIT_MS = 10_000;

interface Running {
  readonly claim: ClaimedBuild;
  readonly run: ClaimedRun;
  /** It waits for people or for other builds, and its place is somebody else's meanwhile. */
  idle: boolean;
}

/**
 * Claims builds and runs them, so many at once. A message of the queue is a ticket: it says that something waits, and
 * the records say what is next. While there are free places a ticket's own build is taken; once builds had to wait, the
 * fairest is (see `BuildStore.claim`), so that a project that floods the queue does not hold up the others.
 *
 * A ticket for which nothing can be claimed is settled. Was it for a quota, the worker remembers that something waits and
 * claims, or tells other workers, as soon as a build has ended anywhere. The sweeper is the net below this.
 *
 * It does not publish what was never published, nor look for lapsed leases: that is the sweeper's.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #leaseMs: number;
  readonly #keeper: LeaseKeeper;
  readonly #tickets: TicketConsumer;
  readonly #places: Places;
  readonly #heldBack: HeldBack;
  readonly #running = new Map<string, Running>();
  readonly #subscriptions: Subscription[] = [];
  /** Cancels heard while a claim is under way: they may be for the build that it gives. */
  readonly #heard = new Map<string, string>();
  /** Builds had to wait for a place here: from then on the fairest is next, not the one a ticket names. */
  #contended = false;
  /** Claims under way. */
  #claims = 0;
  #draining: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    const { owner, store, queue, clock, logger, metrics, maxBuilds } = options;
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#places = new Places(maxBuilds, clock);
    this.#heldBack = new HeldBack({
      builds: store.builds,
      queue,
      places: this.#places,
      claim: () => this.#claim(),
      clock,
      logger,
    });
    this.#keeper = new LeaseKeeper({
      owner,
      builds: store.builds,
      leaseMs: this.#leaseMs,
      clock,
      logger,
      metrics,
      onLost: (lease, how) => this.#lost(lease, how),
      onCancel: (buildId, reason) => this.#running.get(buildId)?.run.cancel(reason),
    });
    this.#tickets = new TicketConsumer({
      queue,
      prefetch: Math.min(maxBuilds, MOST_IN_HAND),
      handler: (delivery) => this.#take(delivery),
      clock,
      logger,
    });
  }

  /** Builds that run here now. */
  get running(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** Resolves once it listens; a queue that is away then is tried again in the background. */
  async start(): Promise<void> {
    const { events } = this.#options;
    const heard = await events.subscribe({ types: ["build.cancel", "slot.freed"] }, (event) => {
      if (event.type === "slot.freed") this.#heldBack.onFreed();
      if (event.type === "build.cancel") this.#cancel(event.buildId, event.reason);
    });
    const gaps = events.onGap(() => {
      void this.#keeper.look();
      this.#heldBack.onFreed();
    });
    this.#subscriptions.push(heard, gaps);
    await this.#tickets.want(true);
  }

  /**
   * Takes no more builds and waits for those that run, `limitMs` at most; then ends what is left here and gives it back,
   * so that other workers go on with it at once. Called again, it gives the first call's promise.
   */
  drain(limitMs: number): Promise<void> {
    this.#draining ??= this.#drain(limitMs);
    return this.#draining;
  }

  async #drain(limitMs: number): Promise<void> {
    const { clock, logger, owner } = this.#options;
    const time = Promise.withResolvers<void>();
    const stopTime = limitMs > 0 ? clock.after(limitMs, time.resolve) : time.resolve();
    this.#places.close();
    const settled = Promise.all([this.#tickets.close(), this.#heldBack.settled()]).then(async () => {
      while (this.#running.size > 0)
        await Promise.all([...this.#running.values()].map(({ run }) => run.ended));
    });
    await Promise.race([settled, time.promise]);
    stopTime?.();
    const left = [...this.#running.values()];
    if (left.length > 0) logger.info({ owner, builds: left.length }, "builds are handed over");
    const ended = await Promise.all(left.map((running) => this.#abandon(running)));
    this.#keeper.stop();
    // What would not end keeps its lease: nobody else may begin it before that has run out.
    await this.#giveBack(left.filter((_, index) => ended[index]).map(({ claim }) => claim));
    await this.#heldBack.offer();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  /** False: it did not end in time. */
  async #abandon({ run }: Running): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const stop = this.#options.clock.after(ABANDON_LIMIT_MS, () => resolve(false));
    void run.abandon().then(() => resolve(true));
    const ended = await promise;
    stop();
    return ended;
  }

  // Tickets.

  async #take(delivery: BuildDelivery): Promise<void> {
    const { message } = delivery;
    if (this.#places.free === 0) this.#contended = true;
    if (!(await this.#places.take(HOLD_MS))) return await this.#handBack(delivery);
    let claim: ClaimedBuild | undefined;
    const { freed } = this.#heldBack;
    try {
      claim = await this.#claim(this.#contended || this.#heldBack.any ? undefined : message.buildId);
      if (claim === undefined) this.#contended = false;
    } catch (error) {
      return await this.#notClaimed(delivery, error);
    } finally {
      if (claim === undefined) this.#places.give();
    }
    if (claim?.build.id !== message.buildId && !(await this.#isTrue(delivery, freed))) return;
    await delivery.ack();
  }

  /**
   * False: it named no build, and is a dead letter now. Notes what waits though its ticket is used up: also where it
   * brought another build its turn, as that one's own ticket may come to nothing.
   */
  async #isTrue(delivery: BuildDelivery, freed: number): Promise<boolean> {
    const { buildId } = delivery.message;
    try {
      const { status } = await this.#options.store.builds.get(buildId);
      if (isFinal(status) || status === "running") return true;
      this.#heldBack.note(freed);
      return true;
    } catch (error) {
      if (error instanceof ExecError && error.code === "NotFound") {
        await delivery.nack("dead", `There is no build ${buildId}.`);
        return false;
      }
      // What is known is enough: the build itself, if there is one, is found by the sweeper.
      this.#heldBack.note(freed);
      return true;
    }
  }

  /** Whatever is wrong (records that are away, a full disk), it is not the ticket: it comes again, later. */
  async #notClaimed(delivery: BuildDelivery, error: unknown): Promise<void> {
    const { logger, owner } = this.#options;
    const { buildId } = delivery.message;
    logger.warn({ owner, buildId, error }, "a build could not be claimed");
    this.#tickets.pause();
    await delivery.nack("retry", error instanceof Error ? error.message : String(error));
  }

  /** Publishes a ticket anew, so that it counts as no failed delivery, and takes none until there is a place again. */
  async #handBack(delivery: BuildDelivery): Promise<void> {
    void this.#tickets.want(false);
    try {
      await this.#options.queue.publishBuild(delivery.message);
    } catch {
      return await delivery.nack("retry", "the worker has no free place");
    }
    await delivery.ack();
    if (this.#places.free > 0) void this.#tickets.want(true);
  }

  // Claims.

  /** Needs a place, which is the build's if it gives one. */
  async #claim(prefer?: string): Promise<ClaimedBuild | undefined> {
    const { store, owner, limits, clock } = this.#options;
    const askedAt = clock.monotonic();
    this.#claims += 1;
    try {
      const claim = await store.builds.claim({
        owner,
        leaseMs: this.#leaseMs,
        ...(prefer === undefined ? {} : { prefer }),
        ...limits,
      });
      this.#tickets.recovered();
      if (claim !== undefined) await this.#begin(claim, askedAt);
      return claim;
    } finally {
      this.#claims -= 1;
      if (this.#claims === 0) this.#heard.clear();
    }
  }

  async #begin(claim: ClaimedBuild, askedAt: number): Promise<void> {
    const { build, lease } = claim;
    if (this.#places.closed) {
      this.#places.give();
      return await this.#giveBack([claim]);
    }
    if (claim.lostLeases >= (this.#options.maxLosses ?? MAX_LOSSES)) return await this.#refuse(claim);
    this.#keeper.keep(lease, askedAt);
    let run: ClaimedRun;
    try {
      run = this.#options.startBuild(claim);
    } catch (error) {
      this.#keeper.drop(lease);
      return await this.#refuse(claim, error);
    }
    const running: Running = { claim, run, idle: false };
    this.#running.set(build.id, running);
    run.onIdle?.((idle) => this.#idle(running, idle));
    void run.ended.then((how) => this.#ended(running, how));
    const reason = build.cancelReason ?? this.#heard.get(build.id);
    if (reason !== undefined) run.cancel(reason);
  }

  /** A build that cannot be run by anyone must not go round for ever. */
  async #refuse({ build, lease, lostLeases }: ClaimedBuild, error?: unknown): Promise<void> {
    const { store, clock, logger, events } = this.#options;
    const why =
      error === undefined
        ? `Every worker that ran it was lost, ${lostLeases} times.`
        : `It could not be started: ${error instanceof Error ? error.message : String(error)}`;
    logger.error({ buildId: build.id, error }, why);
    this.#places.give();
    try {
      await store.builds.release([lease]);
      const { version, status, projectId } = await store.builds.fail(build.id, why, clock.now());
      const changes = [{ kind: "build" as const, id: build.id, status }];
      events.publish({ type: "build.changed", buildId: build.id, projectId, version, status, changes });
    } catch (failure) {
      logger.error({ buildId: build.id, error: failure }, "a build that cannot be run could not be failed");
    }
    this.#afterEnd(build.projectId);
  }

  #idle(running: Running, idle: boolean): void {
    if (running.idle === idle || this.#running.get(running.claim.build.id) !== running) return;
    running.idle = idle;
    if (idle) {
      this.#places.give();
      if (!this.#places.closed) void this.#tickets.want(true);
    } else {
      this.#places.force();
    }
  }

  // Ends.

  #ended(running: Running, how: "finished" | "abandoned"): void {
    const { build, lease } = running.claim;
    // Another claim of it may run here by now, where this one took long to end.
    if (this.#running.get(build.id) === running) this.#running.delete(build.id);
    this.#keeper.drop(lease);
    if (!running.idle) this.#places.give();
    // One that was abandoned still counts: it is another worker's, or will be once its lease has lapsed.
    if (how === "finished") {
      this.#options.onBuildEnded?.(build.id);
      this.#afterEnd(build.projectId);
    } else if (!this.#places.closed) void this.#tickets.want(true);
  }

  #afterEnd(projectId: string): void {
    if (!this.#places.closed) void this.#tickets.want(true);
    this.#heldBack.onFreed();
    this.#options.events.publish({ type: "slot.freed", projectId });
  }

  #lost(lease: BuildLease, how: LostLease): void {
    const running = this.#running.get(lease.buildId);
    if (running?.claim.lease.fence !== lease.fence) return;
    this.#options.logger.warn({ buildId: lease.buildId, how }, "a build was lost");
    const abandoned = running.run.abandon();
    // Should the records be back already, nobody needs to wait for the lease to run out.
    if (how === "unprolonged") void abandoned.then(() => this.#giveBack([running.claim]));
  }

  #cancel(buildId: string, reason: string): void {
    const running = this.#running.get(buildId);
    if (running !== undefined) running.run.cancel(reason);
    else if (this.#claims > 0) this.#heard.set(buildId, reason);
  }

  /** Never rejects: what cannot be given back lapses. */
  async #giveBack(claims: readonly ClaimedBuild[]): Promise<void> {
    const { store, queue, logger } = this.#options;
    if (claims.length === 0) return;
    try {
      await store.builds.release(claims.map(({ lease }) => lease));
      for (const { build } of claims)
        await queue.publishBuild({ buildId: build.id, projectId: build.projectId });
    } catch (error) {
      logger.warn(
        { builds: claims.length, error },
        "builds could not be handed over: their leases will lapse",
      );
    }
  }
}
