/**
 * What goes wrong with the API server, as a test tells it. Rules are asked in the order they were added; the first that
 * matches a request and has turns left is taken. A rule may be taken back.
 */
import { type Clock, systemClock } from "../../../../src/clock.ts";
import type { CountedRequest } from "./request-counters.ts";

export type Fault =
  /** The connection is cut: before anything was done (the default) or after the request was carried out. */
  | { readonly kind: "drop"; readonly when?: "before" | "after" }
  | { readonly kind: "delay"; readonly ms: number }
  | {
      readonly kind: "answer";
      readonly code: number;
      readonly reason?: string;
      readonly message?: string;
      readonly retryAfterSeconds?: number;
    }
  /** The answer is cut after so many bytes, and the connection with it. Of watches and logs too. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** The request is never answered; after `ms` (if given) the connection is cut. */
  | { readonly kind: "hang"; readonly ms?: number }
  /** 410 Gone: as the HTTP status, or (of a watch) as an ERROR event, which is the default there. */
  | { readonly kind: "gone"; readonly as?: "http" | "event" }
  /** Of a watch: events come in pairs in the wrong order. */
  | { readonly kind: "reorder" }
  /** Of a watch: every event comes twice. */
  | { readonly kind: "duplicate" }
  /** Of a watch: the events from the `from`th (counted from 1), `count` of them, never come. */
  | { readonly kind: "swallow"; readonly from?: number; readonly count?: number };

export interface FaultRule {
  readonly verb?: string | readonly string[];
  /** `pods`, `pods/log`; absent: every one. */
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string | RegExp;
  readonly userAgent?: string;
  readonly user?: string;
  /** Leaves so many matching requests in peace first. Default 0. */
  readonly skip?: number;
  /** Strikes so often, then is spent. Default: once. */
  readonly times?: number | "always";
  /** Strikes by chance, by the script's seed. Default 1. */
  readonly probability?: number;
  readonly fault: Fault;
}

interface LiveRule {
  readonly rule: FaultRule;
  seen: number;
  struck: number;
}

export class FaultScript {
  readonly #rules = new Set<LiveRule>();
  readonly #clock: Clock;
  readonly #hooks: FaultHooks;
  #random: number;
  #downUntil = 0;
  #skewMs = 0;
  #denied: { readonly user: string | undefined; readonly match: Partial<CountedRequest> }[] = [];

  constructor(seed: number, hooks: FaultHooks, clock: Clock = systemClock) {
    this.#random = seed >>> 0 || 1;
    this.#hooks = hooks;
    this.#clock = clock;
  }

  /** Adds a rule; the returned function takes it back. */
  add(rule: FaultRule): () => void {
    const live = { rule, seen: 0, struck: 0 };
    this.#rules.add(live);
    return () => this.#rules.delete(live);
  }

  /** Takes back all that was told. */
  clear(): void {
    this.#rules.clear();
    this.#downUntil = 0;
    this.#denied = [];
    this.#skewMs = 0;
  }

  /** How often rules with this kind of fault have struck, of rules not taken back. */
  struck(kind: Fault["kind"]): number {
    let count = 0;
    for (const live of this.#rules) if (live.rule.fault.kind === kind) count += live.struck;
    return count;
  }

  /** The whole API is away: every open connection is cut, new ones are refused the same way, for so long or until `up`. */
  down(ms = Number.POSITIVE_INFINITY): void {
    this.#downUntil = this.#clock.monotonic() + ms;
    this.#hooks.cutConnections();
  }

  up(): void {
    this.#downUntil = 0;
  }

  get isDown(): boolean {
    return this.#clock.monotonic() < this.#downUntil;
  }

  /** Ends every watch that is open, as a restarted API server would. */
  closeWatches(how: "end" | "cut" | "gone" = "end"): void {
    this.#hooks.closeWatches(how);
  }

  /** From now on refuses by RBAC what matches, whatever the user's rules; the returned function takes it back. */
  deny(match: Partial<CountedRequest>, user?: string): () => void {
    const denial = { user, match };
    this.#denied.push(denial);
    return () => {
      this.#denied = this.#denied.filter((one) => one !== denial);
    };
  }

  isDenied(request: CountedRequest): boolean {
    return this.#denied.some(
      ({ user, match }) =>
        (user === undefined || user === request.user) &&
        (match.verb === undefined || match.verb === request.verb) &&
        (match.resource === undefined || match.resource === request.resource) &&
        (match.namespace === undefined || match.namespace === request.namespace) &&
        (match.name === undefined || match.name === request.name),
    );
  }

  /** The cluster's clock is so far ahead of the test's (negative: behind). */
  skew(ms: number): void {
    this.#skewMs = ms;
  }

  get skewMs(): number {
    return this.#skewMs;
  }

  /** All faults that strike this request: at most one of each kind. */
  strike(request: CountedRequest): readonly Fault[] {
    const faults = new Map<string, Fault>();
    for (const live of this.#rules) {
      const { rule } = live;
      if (faults.has(rule.fault.kind) || !ruleMatches(rule, request)) continue;
      const { skip = 0, times = 1, probability = 1 } = rule;
      if (times !== "always" && live.struck >= times) continue;
      live.seen += 1;
      if (live.seen <= skip || this.#chance() >= probability) continue;
      live.struck += 1;
      faults.set(rule.fault.kind, rule.fault);
    }
    return [...faults.values()];
  }

  /** From 0 to 1, the same row for the same seed (mulberry32). */
  #chance(): number {
    this.#random = (this.#random + 0x6d2b79f5) >>> 0;
    let t = this.#random;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** What a script needs of the server it troubles. */
export interface FaultHooks {
  cutConnections(): void;
  closeWatches(how: "end" | "cut" | "gone"): void;
}

function ruleMatches(rule: FaultRule, request: CountedRequest): boolean {
  const { verb, name } = rule;
  return (
    (verb === undefined ||
      (typeof verb === "string" ? verb === request.verb : verb.includes(request.verb))) &&
    (rule.resource === undefined || rule.resource === request.resource) &&
    (rule.namespace === undefined || rule.namespace === request.namespace) &&
    (name === undefined ||
      (typeof name === "string" ? name === request.name : name.test(request.name ?? ""))) &&
    (rule.user === undefined || rule.user === request.user) &&
    (rule.userAgent === undefined || request.userAgent.includes(rule.userAgent))
  );
}
