/**
 * One open watch: what the selection held, what changes, bookmarks, and its end. Faults of watches (reordered, doubled,
 * swallowed events, 410 in the middle) are made here.
 */
import type { Clock } from "../../../../src/clock.ts";
import { ApiError, badRequest, tooOld } from "../api-error.ts";
import type { KubeObject } from "../cluster-object.ts";
import type { Fault } from "../faults/fault-script.ts";
import { apiVersionOf, type ResourceKind } from "../resource-kind.ts";
import type { Selector } from "../store/label-selector.ts";
import type { Change, ObjectStore } from "../store/object-store.ts";
import { selectorOf } from "./object-list.ts";
import { jsonOf } from "./outward-object.ts";
import type { Reply } from "./reply.ts";

export interface WatchContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly bookmarkMs: number;
}

export class WatchStream {
  readonly #context: WatchContext;
  readonly #kind: ResourceKind;
  readonly #namespace: string | undefined;
  readonly #selected: Selector;
  readonly #reply: Reply;
  readonly #faults: readonly Fault[];
  readonly #bookmarks: boolean;
  readonly #release: (() => void)[] = [];
  #sent = 0;
  #held: string | undefined;
  #heldRelease: (() => void) | undefined;

  constructor(
    context: WatchContext,
    kind: ResourceKind,
    namespace: string | undefined,
    query: URLSearchParams,
    reply: Reply,
    faults: readonly Fault[],
  ) {
    this.#context = context;
    this.#kind = kind;
    this.#namespace = namespace;
    this.#selected = selectorOf(kind, query);
    this.#reply = reply;
    this.#faults = faults;
    this.#bookmarks = query.get("allowWatchBookmarks") === "true" || query.get("allowWatchBookmarks") === "1";
    this.#open(query);
  }

  /** Ends it, as a server does that goes or a time that is over. */
  close(how: "end" | "cut" | "gone" = "end"): void {
    if (how === "gone") this.#error(tooOld("1", this.#context.store.version));
    this.#flushHeld();
    for (const release of this.#release.splice(0)) release();
    if (how === "cut") this.#reply.drop();
    else this.#reply.end();
  }

  #open(query: URLSearchParams): void {
    const { store, clock } = this.#context;
    const asked = query.get("resourceVersion") ?? "";
    const initial = query.get("sendInitialEvents");
    if (initial === "true" && query.get("resourceVersionMatch") !== "NotOlderThan") {
      throw badRequest(
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      );
    }
    const version = Number(asked);
    if (!Number.isInteger(version)) {
      throw badRequest(`Invalid value: "${asked}": strconv.ParseUint: parsing "${asked}": invalid syntax`);
    }
    const fromNow = initial === "true" || asked === "" || asked === "0";
    let missed: readonly Change[] = [];
    let refused: ApiError | undefined;
    if (!fromNow || version > store.version) {
      try {
        missed = store.changesAfter(this.#kind.resource, version);
      } catch (error) {
        // A server with a watch cache says so in the stream, with status 200.
        if (!(error instanceof ApiError) || error.code !== 410) throw error;
        refused = error;
      }
    }
    this.#reply.start(200, "application/json");
    this.#reply.onClose(() => this.close());
    if (this.#fault("gone") !== undefined) refused = tooOld(asked === "" ? "1" : asked, store.version);
    if (refused !== undefined) {
      this.#error(refused);
      this.close();
      return;
    }
    if (fromNow && initial !== "false") {
      for (const object of store.list(this.#kind.resource, this.#namespace)) {
        if (this.#selected(object)) this.#event("ADDED", object);
      }
    }
    if (initial === "true" && this.#bookmarks) this.#bookmark({ "k8s.io/initial-events-end": "true" });
    for (const change of missed) this.#change(change);
    this.#release.push(store.subscribe((change) => this.#change(change)));
    if (this.#bookmarks) this.#tick();
    const seconds = Number(query.get("timeoutSeconds") ?? "0");
    const limitMs = seconds > 0 ? seconds * 1000 : 30 * 60_000;
    this.#release.push(
      clock.after(limitMs, () => {
        if (this.#bookmarks) this.#bookmark();
        this.close();
      }),
    );
  }

  #tick(): void {
    let takeBack = () => {};
    const next = () => {
      takeBack = this.#context.clock.after(this.#context.bookmarkMs, () => {
        this.#bookmark();
        next();
      });
    };
    next();
    this.#release.push(() => takeBack());
  }

  #change({ resource, type, object, before, version }: Change): void {
    if (resource !== this.#kind.resource) return;
    if (this.#namespace !== undefined && object.metadata.namespace !== this.#namespace) return;
    const had = type !== "ADDED" && before !== undefined && this.#selected(before);
    const has = type !== "DELETED" && this.#selected(object);
    if (type === "DELETED") {
      if (had) this.#event("DELETED", object);
    } else if (has) this.#event(had ? "MODIFIED" : "ADDED", object);
    // It left the selection: the watcher sees its last state inside it, under the version of the change.
    else if (had && before !== undefined) {
      this.#event("DELETED", {
        ...before,
        metadata: { ...before.metadata, resourceVersion: String(version) },
      });
    }
  }

  #event(type: string, object: KubeObject): void {
    this.#sent += 1;
    const swallow = this.#fault("swallow");
    if (swallow?.kind === "swallow") {
      const from = swallow.from ?? 1;
      if (this.#sent >= from && this.#sent < from + (swallow.count ?? 1)) return;
    }
    const line = `{"type":"${type}","object":${jsonOf(this.#kind, object)}}\n`;
    this.#line(line);
    if (this.#fault("duplicate") !== undefined) this.#line(line);
  }

  #line(line: string): void {
    if (this.#fault("reorder") === undefined) {
      this.#reply.write(line);
      return;
    }
    if (this.#held !== undefined) {
      this.#reply.write(line);
      this.#flushHeld();
      return;
    }
    this.#held = line;
    // The last one is not kept back for ever.
    this.#heldRelease = this.#context.clock.after(50, () => this.#flushHeld());
  }

  #flushHeld(): void {
    this.#heldRelease?.();
    this.#heldRelease = undefined;
    if (this.#held !== undefined) this.#reply.write(this.#held);
    this.#held = undefined;
  }

  #bookmark(annotations?: Readonly<Record<string, string>>): void {
    this.#flushHeld();
    const object = {
      kind: this.#kind.kind,
      apiVersion: apiVersionOf(this.#kind),
      metadata: {
        resourceVersion: String(this.#context.store.version),
        creationTimestamp: null,
        ...(annotations === undefined ? {} : { annotations }),
      },
    };
    this.#reply.write(`${JSON.stringify({ type: "BOOKMARK", object })}\n`);
  }

  #error(error: ApiError): void {
    this.#flushHeld();
    this.#reply.write(`${JSON.stringify({ type: "ERROR", object: error.status })}\n`);
  }

  #fault(kind: Fault["kind"]): Fault | undefined {
    return this.#faults.find((fault) => fault.kind === kind);
  }
}
