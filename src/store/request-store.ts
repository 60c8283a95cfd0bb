/** Answers to requests with an `Idempotency-Key`. */
export interface RequestStore {
  /**
   * Begins a request. `new`: nobody has asked it before, go on and `finish` it. `done`: the answer it got.
   * `busy`: it is being worked on. `different`: the key was used for another request. Whoever begins one holds its key for
   * `holdMs`, and longer by `prolong`: a process that dies leaves it free again soon.
   */
  begin(key: RequestKey, now: number, holdMs: number): Promise<RequestState>;
  /** It is still being worked on. Nothing where it is finished. */
  prolong(key: RequestKey, until: number): Promise<void>;
  /** The answer is kept until then. */
  finish(key: RequestKey, answer: StoredAnswer, keepUntil: number): Promise<void>;
  /** It failed in a way that may be tried again. */
  forget(key: RequestKey): Promise<void>;
  removeExpired(now: number): Promise<number>;
}

export interface RequestKey {
  /** Id of the token that asks. */
  readonly caller: string;
  readonly key: string;
  /** Hash of method, path and body. */
  readonly fingerprint: string;
}

export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
}

export type RequestState =
  | { readonly kind: "new" | "busy" | "different" }
  | { readonly kind: "done"; readonly answer: StoredAnswer };
