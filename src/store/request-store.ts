/** Answers to requests with an `Idempotency-Key`. */
export interface RequestStore {
  /**
   * Begins a request. `new`: nobody has asked it before, go on and `finish` it. `done`: the answer it got.
   * `busy`: it is being worked on. `different`: the key was used for another request.
   */
  begin(key: RequestKey, now: number, keepMs: number): Promise<RequestState>;
  finish(key: RequestKey, answer: StoredAnswer): Promise<void>;
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
