import type { WebSocket } from "ws";
import { ExecError } from "../../errors.ts";
import { problemOf, RequestError } from "../problem.ts";
import type { LiveBuild } from "../rest/views/build-detail-view.ts";
import { CLOSE, type ClientMessage, clientMessage, type ServerMessage } from "./live-message.ts";
import type { LiveParts } from "./live-parts.ts";
import { LiveSubscription } from "./live-subscription.ts";

export interface LiveClient {
  readonly socket: WebSocket;
  readonly bearer: string | undefined;
  readonly requestId: string;
  /** Project's id of what is asked for; rejects where it is not there or may not be seen. */
  readonly find: (what: { readonly build?: string; readonly project?: string }) => Promise<Found>;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly now: () => number;
  /** Told of what is a mistake of ours. */
  readonly failed: (error: unknown) => void;
}

export type Found =
  | { readonly kind: "build"; readonly id: string; readonly projectId: string }
  | { readonly kind: "project"; readonly projectId: string };

interface Subscribed {
  readonly messages: LiveSubscription;
  stop: () => void;
  found?: Found;
  resync: () => Promise<void>;
}

const MAX_SUBSCRIPTIONS = 100;
const MAX_MISTAKES = 20;
/** Bytes that wait for a slow client before it is left out. */
const BEHIND_BYTES = 1024 * 1024;
const CATCH_UP_MS = 250;

/** One client of the WebSocket, from its hello to its end. */
export class LiveConnection {
  readonly #client: LiveClient;
  readonly #live: LiveParts;
  readonly #subscriptions = new Map<string, Subscribed>();
  #mistakes = 0;
  #heard = true;
  #silentBeats = 0;
  #closed = false;
  #cancelBeat = () => {};
  #cancelCatchUp: (() => void) | undefined;
  #stopWatching: () => void;

  constructor(client: LiveClient, live: LiveParts) {
    this.#client = client;
    this.#live = live;
    const { socket } = client;
    socket.on("message", (data, binary) => this.#hear(binary ? "" : data.toString()));
    socket.on("pong", () => {
      this.#heard = true;
    });
    socket.on("close", () => this.#release());
    // What is wrong with the connection shows in its close.
    socket.on("error", () => {});
    this.#stopWatching = live.rights.watch(client.bearer, undefined, () => this.close(CLOSE.unauthorized));
    this.#say({ type: "hello", heartbeatMs: live.heartbeatMs });
    this.#beat();
  }

  close(code: number): void {
    if (this.#closed) return;
    this.#release();
    const { socket } = this.#client;
    socket.close(code);
    // Whoever does not answer the close is not waited for.
    const cancel = this.#client.after(2_000, () => socket.terminate());
    socket.once("close", cancel);
  }

  #beat(): void {
    this.#cancelBeat = this.#client.after(this.#live.heartbeatMs, () => {
      this.#silentBeats = this.#heard ? 0 : this.#silentBeats + 1;
      if (this.#silentBeats >= 2) return this.close(CLOSE.silent);
      this.#heard = false;
      this.#client.socket.ping();
      this.#say({ type: "heartbeat", at: new Date(this.#client.now()).toISOString() });
      void this.#recheck();
      this.#beat();
    });
  }

  /** A token of one project may stay good while another of its rights goes. */
  async #recheck(): Promise<void> {
    for (const [id, { found }] of [...this.#subscriptions]) {
      if (found === undefined) continue;
      await this.#live.rights.check(this.#client.bearer, found.projectId).catch((error: unknown) => {
        this.#drop(id);
        this.#complain(error, id);
      });
    }
  }

  #hear(text: string): void {
    this.#heard = true;
    const message = readMessage(text);
    if (message === undefined) {
      this.#mistakes += 1;
      this.#complain(new RequestError("BadRequest", "That is no message of this protocol."));
      if (this.#mistakes >= MAX_MISTAKES) this.close(CLOSE.tooManyMistakes);
      return;
    }
    switch (message.type) {
      case "ping":
        this.#say({ type: "pong" });
        break;
      case "unsubscribe":
        this.#drop(message.id);
        break;
      case "resync":
        void this.#again(message.id);
        break;
      case "subscribe":
        void this.#subscribe(message);
        break;
    }
  }

  async #subscribe(message: Extract<ClientMessage, { type: "subscribe" }>): Promise<void> {
    const { id, build, project } = message;
    if (this.#subscriptions.has(id)) {
      return this.#complain(new ExecError("Conflict", "There is a subscription of this id."), id);
    }
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS) {
      const limit = `A connection has at most ${MAX_SUBSCRIPTIONS} subscriptions.`;
      return this.#complain(new ExecError("QuotaExceeded", limit), id);
    }
    const messages = new LiveSubscription({
      id,
      send: (text) => this.#send(text),
      behind: () => this.#behind(),
    });
    const subscribed: Subscribed = { messages, stop: () => {}, resync: async () => {} };
    this.#subscriptions.set(id, subscribed);
    try {
      subscribed.found = await this.#client.find({
        ...(build !== undefined && { build }),
        ...(project !== undefined && { project }),
      });
      subscribed.resync = () => this.#watch(id, subscribed);
      await subscribed.resync();
    } catch (error) {
      if (this.#subscriptions.get(id) === subscribed) this.#drop(id);
      this.#complain(error, id);
    }
  }

  /** Begins with a snapshot, at first and again. */
  async #watch(id: string, subscribed: Subscribed): Promise<void> {
    const { found, messages } = subscribed;
    if (found === undefined) return;
    subscribed.stop();
    const failed = (error: unknown) => {
      this.#drop(id);
      this.#complain(error, id);
    };
    const stop =
      found.kind === "build"
        ? await this.#live.builds.watch(found.id, {
            snapshot: (build: LiveBuild) => messages.snapshot({ build }),
            change: (change) => messages.change(change),
            ended: () => messages.ended(),
            failed,
          })
        : await this.#live.projects.watch(found.projectId, {
            snapshot: (builds) => messages.snapshot({ builds }),
            change: (builds) => messages.change({ builds }),
            failed,
          });
    subscribed.stop = stop;
    // It was ended while its first look was under way.
    if (this.#subscriptions.get(id) !== subscribed) stop();
    if (messages.missed) this.#catchUpSoon();
  }

  async #again(id: string): Promise<void> {
    const subscribed = this.#subscriptions.get(id);
    if (subscribed === undefined) {
      return this.#complain(new ExecError("NotFound", "There is no subscription of this id."), id);
    }
    await subscribed.resync().catch((error: unknown) => this.#complain(error, id));
  }

  #behind(): boolean {
    const behind = this.#client.socket.bufferedAmount > BEHIND_BYTES;
    if (behind) this.#catchUpSoon();
    return behind;
  }

  /** Once the client has taken what waits, it gets fresh snapshots of what it missed. */
  #catchUpSoon(): void {
    if (this.#closed || this.#cancelCatchUp !== undefined) return;
    this.#cancelCatchUp = this.#client.after(CATCH_UP_MS, () => {
      this.#cancelCatchUp = undefined;
      if (this.#client.socket.bufferedAmount > BEHIND_BYTES / 2) return this.#catchUpSoon();
      for (const [id, { messages }] of [...this.#subscriptions]) if (messages.missed) void this.#again(id);
    });
  }

  #drop(id: string): void {
    this.#subscriptions.get(id)?.stop();
    this.#subscriptions.delete(id);
  }

  #complain(error: unknown, id?: string): void {
    const { problem } = problemOf(error, { id: this.#client.requestId });
    if (problem.code === "Internal") this.#client.failed(error);
    this.#say({ type: "error", ...(id !== undefined && { id }), problem });
  }

  #say(message: ServerMessage): void {
    this.#send(JSON.stringify(message));
  }

  #send(text: string): void {
    if (!this.#closed && this.#client.socket.readyState === 1) this.#client.socket.send(text);
  }

  #release(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelBeat();
    this.#cancelCatchUp?.();
    this.#stopWatching();
    for (const { stop } of this.#subscriptions.values()) stop();
    this.#subscriptions.clear();
  }
}

function readMessage(text: string): ClientMessage | undefined {
  try {
    const parsed = clientMessage.safeParse(JSON.parse(text));
    if (!parsed.success) return undefined;
    const message = parsed.data;
    // Exactly one of the two.
    if (message.type === "subscribe" && (message.build === undefined) === (message.project === undefined)) {
      return undefined;
    }
    return message;
  } catch {
    return undefined;
  }
}
