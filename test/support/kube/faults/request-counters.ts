/** What was asked of the API server, counted, so that a test can say what a job may cost. */
export interface CountedRequest {
  /** As RBAC names it: get, list, watch, create, update, patch, delete, deletecollection. */
  readonly verb: string;
  /** `pods`, `pods/log`; the path for what is no resource. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly userAgent: string;
  readonly user: string;
}

export class RequestCounters {
  #requests: CountedRequest[] = [];
  readonly #open = new Map<"watch" | "log", CountedRequest[]>([
    ["watch", []],
    ["log", []],
  ]);
  #mostWatches = 0;

  add(request: CountedRequest): void {
    this.#requests.push(request);
  }

  /** How many were asked, of those that match all that is given. */
  count(match: Partial<CountedRequest> = {}): number {
    return this.#requests.filter((request) => matches(request, match)).length;
  }

  all(match: Partial<CountedRequest> = {}): readonly CountedRequest[] {
    return this.#requests.filter((request) => matches(request, match));
  }

  /** How many of each, by `<verb> <resource>`. */
  byKind(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { verb, resource } of this.#requests) {
      const key = `${verb} ${resource}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  }

  /** Forgets what was counted; what is open stays open. */
  reset(): void {
    this.#requests = [];
    this.#mostWatches = this.openWatches();
  }

  opened(kind: "watch" | "log", request: CountedRequest): () => void {
    const open = this.#open.get(kind) ?? [];
    open.push(request);
    if (kind === "watch") this.#mostWatches = Math.max(this.#mostWatches, open.length);
    return () => {
      const at = open.indexOf(request);
      if (at >= 0) open.splice(at, 1);
    };
  }

  openWatches(match: Partial<CountedRequest> = {}): number {
    return this.#open.get("watch")?.filter((request) => matches(request, match)).length ?? 0;
  }

  /** Log streams that follow. */
  openLogs(): number {
    return this.#open.get("log")?.length ?? 0;
  }

  /** The most watches that were open at once since the start or `reset`. */
  get mostWatches(): number {
    return this.#mostWatches;
  }
}

function matches(request: CountedRequest, match: Partial<CountedRequest>): boolean {
  return (
    (match.verb === undefined || match.verb === request.verb) &&
    (match.resource === undefined || match.resource === request.resource) &&
    (match.namespace === undefined || match.namespace === request.namespace) &&
    (match.name === undefined || match.name === request.name) &&
    (match.user === undefined || match.user === request.user) &&
    (match.userAgent === undefined || request.userAgent.includes(match.userAgent))
  );
}
