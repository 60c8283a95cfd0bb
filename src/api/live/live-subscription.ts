import type { LiveBuild } from "../rest/views/build-detail-view.ts";
import type { BuildSummary } from "../rest/views/build-view.ts";
import type { LiveChange } from "./build-changes.ts";
import type { ServerMessage } from "./live-message.ts";

export interface SubscriptionOptions {
  readonly id: string;
  /** Text that is made once for all who get it, but for `id` and `seq`. */
  readonly send: (text: string) => void;
  /** True: the client has not taken what was sent before. */
  readonly behind: () => boolean;
}

const TEXTS = new WeakMap<object, string>();

/** The messages of one subscription: numbered, and left out while the client is behind. */
export class LiveSubscription {
  readonly #options: SubscriptionOptions;
  #seq = 0;
  #missed = false;
  #ended = false;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  /** True: messages were left out, and a fresh snapshot must stand for them. */
  get missed(): boolean {
    return this.#missed;
  }

  /** True: a fresh snapshot will be no better than the last. */
  get over(): boolean {
    return this.#ended;
  }

  snapshot(content: { readonly build: LiveBuild } | { readonly builds: readonly BuildSummary[] }): void {
    // Its own number even if it cannot go out: the next one shows the gap.
    this.#seq += 1;
    this.#missed = this.#options.behind();
    const part = "build" in content ? content.build : content.builds;
    const name = "build" in content ? "build" : "builds";
    if (!this.#missed) this.#send("snapshot", `"${name}":${textOf(part)}`);
  }

  change(content: LiveChange | { readonly builds: readonly BuildSummary[] }): void {
    this.#seq += 1;
    // A change upon something that is not there would mislead.
    if (this.#missed || this.#options.behind()) this.#missed = true;
    else this.#send("change", textOf(content).slice(1, -1));
  }

  ended(): void {
    this.#seq += 1;
    this.#ended = true;
    if (!this.#missed) this.#send("ended", "");
  }

  #send(type: ServerMessage["type"], rest: string): void {
    const head = `{"type":"${type}","id":${JSON.stringify(this.#options.id)},"seq":${this.#seq}`;
    this.#options.send(rest === "" ? `${head}}` : `${head},${rest}}`);
  }
}

/** The JSON of what many are sent, made once. */
function textOf(part: object): string {
  let text = TEXTS.get(part);
  if (text === undefined) {
    text = JSON.stringify(part);
    TEXTS.set(part, text);
  }
  return text;
}
