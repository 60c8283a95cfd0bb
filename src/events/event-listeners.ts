import type { Logger } from "../telemetry/logger.ts";
import type { EventFilter, Subscription } from "./event-bus.ts";
import type { PlatformEvent } from "./platform-event.ts";

type Listener = (event: PlatformEvent) => void;

/** What an event is about; a part it has nothing to say of is absent. */
export interface EventSubject {
  readonly type: PlatformEvent["type"];
  readonly buildId?: string;
  readonly projectId?: string;
}

export function subjectOf(event: PlatformEvent): EventSubject {
  return {
    type: event.type,
    ...("buildId" in event ? { buildId: event.buildId } : {}),
    ...("projectId" in event ? { projectId: event.projectId } : {}),
  };
}

/** Stands for every type, build or project. */
export const ANY = "*";

/** Where a filter wants to be found: `type`, `buildId` and `projectId`, each of them or `*`. */
export function topicsOf({ types, buildId = ANY, projectId = ANY }: EventFilter): readonly Topic[] {
  return [...new Set(types ?? [ANY])].map((type) => [type, buildId, projectId] as const);
}

export type Topic = readonly [type: string, buildId: string, projectId: string];

/**
 * The listeners of one process. An event finds those that want it by look-up, however many others there are. They are
 * called in the order of publishing, and never while `dispatch` runs.
 */
export class EventListeners {
  readonly #byTopic = new Map<string, Set<Listener>>();
  readonly #logger: Logger;
  #waiting: PlatformEvent[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(filter: EventFilter, listener: Listener): Subscription {
    // Of its own, so that one function may be subscribed twice.
    const own: Listener = (event) => listener(event);
    const keys = topicsOf(filter).map(keyOf);
    for (const key of keys) {
      const listeners = this.#byTopic.get(key) ?? new Set();
      this.#byTopic.set(key, listeners.add(own));
    }
    return {
      unsubscribe: () => {
        for (const key of keys) {
          const listeners = this.#byTopic.get(key);
          listeners?.delete(own);
          if (listeners?.size === 0) this.#byTopic.delete(key);
        }
      },
    };
  }

  dispatch(event: PlatformEvent): void {
    if (this.#byTopic.size === 0) return;
    if (this.#waiting.push(event) === 1) queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    // A listener may publish: what comes meanwhile is called after it, in the same go.
    for (let index = 0; index < this.#waiting.length; index += 1) {
      const event = this.#waiting[index];
      if (event !== undefined) this.#call(event);
    }
    this.#waiting = [];
  }

  #call(event: PlatformEvent): void {
    const { type, buildId, projectId } = subjectOf(event);
    for (const wantedType of [type, ANY]) {
      for (const wantedBuild of buildId === undefined ? [ANY] : [buildId, ANY]) {
        for (const wantedProject of projectId === undefined ? [ANY] : [projectId, ANY]) {
          const listeners = this.#byTopic.get(keyOf([wantedType, wantedBuild, wantedProject]));
          if (listeners === undefined) continue;
          // One that is unsubscribed by another before its turn is skipped: sets allow it.
          for (const listener of listeners) this.#tell(listener, event);
        }
      }
    }
  }

  #tell(listener: Listener, event: PlatformEvent): void {
    try {
      listener(event);
    } catch (error) {
      this.#logger.error({ event: event.type, error }, "a listener of events failed");
    }
  }
}

function keyOf([type, buildId, projectId]: Topic): string {
  return `${type} ${buildId} ${projectId}`;
}
