import { ExecError } from "../errors.ts";
import type { Subscription } from "../events/event-bus.ts";
import type { PlatformEventOf } from "../events/platform-event.ts";
import type { BuildRecord, BuildStatus } from "../store/build-record.ts";
import type { PipelineRecord, ProjectRecord } from "../store/project-record.ts";
import { reachedAt, type WebhookEventName, webhookEventName } from "./webhook-event-name.ts";
import type { WebhookParts } from "./webhook-parts.ts";
import { buildPayload } from "./webhook-payload.ts";

interface Notice {
  readonly buildId: string;
  readonly projectId: string;
  readonly status: BuildStatus;
}

/** Notices wait this long for others of their project: one look for its webhooks serves all of them. */
const GATHER_MS = 50;
const RETRY_MS = 1_000;
const MAX_WAITING = 10_000;
const MAX_REMEMBERED = 10_000;
const HOUR_MS = 60 * 60 * 1_000;
/** What may have been missed: states reached in this time … */
const CATCH_UP_MS = HOUR_MS;
/** … by builds that are no older than this, and not more than so many. */
const CATCH_UP_BUILDS_MS = 24 * HOUR_MS;
const MAX_CATCH_UP = 1_000;
const STATES = ["queued", "running", "succeeded", "failed", "cancelled"] as const;

/**
 * Makes a delivery of each state that a build reaches, for those who asked for it. It hears of builds by events, and looks
 * through the latest ones when some may have been lost. Any number of servers may do it at once: there is one delivery for
 * each state and webhook.
 */
export class BuildNotifier {
  readonly #parts: WebhookParts;
  /** Called when there are new deliveries. */
  readonly #onAdded: () => void;
  readonly #waiting = new Map<string, Notice>();
  /** Builds and states that are seen to: every change of a build brings its state again. */
  readonly #seen = new Set<string>();
  #subscriptions: Subscription[] = [];
  #cancelTimer: (() => void) | undefined;
  #working: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(parts: WebhookParts, onAdded: () => void) {
    this.#parts = parts;
    this.#onAdded = onAdded;
  }

  async start(): Promise<void> {
    const { events } = this.#parts;
    this.#subscriptions = [
      await events.subscribe({ types: ["build.changed"] }, (event) => {
        if (event.type === "build.changed") this.#hear(event);
      }),
      events.onGap(() => this.#inTurn(() => this.#catchUp())),
    ];
    this.#inTurn(() => this.#catchUp());
  }

  /** Resolves when what was heard is recorded, or could not be just now. */
  async stop(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#isStopped = true;
    this.#cancelTimer?.();
    this.#inTurn(() => this.#record());
    await this.#working;
  }

  #hear({ buildId, projectId, status }: PlatformEventOf<"build.changed">): void {
    // A worker may take a build before it is told of as queued.
    if (status === "running") this.#add({ buildId, projectId, status: "queued" });
    this.#add({ buildId, projectId, status });
  }

  #add(notice: Notice): void {
    const key = `${notice.buildId} ${notice.status}`;
    if (webhookEventName(notice.status) === undefined || this.#seen.has(key)) return;
    this.#remember(key);
    if (this.#waiting.size >= MAX_WAITING) {
      this.#parts.logger.error({ buildId: notice.buildId }, "too many builds wait for their webhooks");
      return;
    }
    this.#waiting.set(key, notice);
    this.#schedule(GATHER_MS);
  }

  #remember(key: string): void {
    this.#seen.add(key);
    if (this.#seen.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#seen;
    if (oldest !== undefined) this.#seen.delete(oldest);
  }

  #schedule(delayMs: number): void {
    if (this.#cancelTimer !== undefined || this.#isStopped) return;
    this.#cancelTimer = this.#parts.clock.after(delayMs, () => {
      this.#cancelTimer = undefined;
      this.#inTurn(() => this.#record());
    });
  }

  #inTurn(work: () => Promise<void>): void {
    this.#working = this.#working.then(work).catch((error: unknown) => {
      this.#parts.logger.warn({ error }, "webhooks could not be told of builds yet");
      this.#schedule(RETRY_MS);
    });
  }

  async #record(): Promise<void> {
    const byProject = Map.groupBy(this.#waiting.entries(), ([, { projectId }]) => projectId);
    for (const [projectId, entries] of byProject) {
      await this.#recordProject(projectId, entries);
      for (const [key] of entries) this.#waiting.delete(key);
    }
  }

  async #recordProject(projectId: string, entries: readonly (readonly [string, Notice])[]): Promise<void> {
    const { webhooks, projects } = this.#parts.store;
    const listening = (await webhooks.listWebhooks(projectId)).filter(({ enabled }) => enabled);
    const wanted = entries
      .map(([, { buildId, status }]) => ({ buildId, status, event: webhookEventName(status) }))
      .filter((notice): notice is typeof notice & { event: Exclude<WebhookEventName, "ping"> } => {
        const { event } = notice;
        return (
          event !== undefined &&
          listening.some(({ events }) => events.includes(event) || events.includes("*"))
        );
      });
    if (wanted.length === 0) return;
    const project = await unlessGone(projects.getProject(projectId));
    if (project === undefined) return;
    let added = 0;
    for (const { buildId, status, event } of wanted) {
      const build = await unlessGone(this.#parts.store.builds.get(buildId));
      if (build !== undefined) added += await this.#deliver(project, build, status, event);
    }
    if (added > 0) this.#onAdded();
  }

  async #deliver(
    project: ProjectRecord,
    build: BuildRecord,
    status: BuildStatus,
    event: Exclude<WebhookEventName, "ping">,
  ): Promise<number> {
    const { store, clock, publicUrl } = this.#parts;
    const pipeline: PipelineRecord | undefined = await unlessGone(
      store.projects.getPipeline(build.pipelineId),
    );
    const payload = buildPayload({ event, status, build, project, pipeline, publicUrl });
    const at = reachedAt(build, status) ?? clock.now();
    const eventId = `${build.id} ${status}`;
    return (await store.webhooks.addDeliveries(project.id, { eventId, name: event, payload, at })).length;
  }

  /** Everything that the latest builds have reached: what is delivered already stays as it is. */
  async #catchUp(): Promise<void> {
    const { store, clock } = this.#parts;
    const now = clock.now();
    let cursor: string | undefined;
    for (let looked = 0; looked < MAX_CATCH_UP; ) {
      const page = await store.builds.list({}, { limit: 200, ...(cursor === undefined ? {} : { cursor }) });
      for (const build of page.items) {
        if (build.createdAt < now - CATCH_UP_BUILDS_MS) return;
        for (const status of STATES) {
          const at = reachedAt(build, status);
          if (at === undefined || at < now - CATCH_UP_MS) continue;
          this.#add({ buildId: build.id, projectId: build.projectId, status });
        }
      }
      looked += page.items.length;
      cursor = page.next;
      if (cursor === undefined) return;
    }
  }
}

async function unlessGone<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof ExecError && error.code === "NotFound") return undefined;
    throw error;
  }
}
