/** A part of a list, newest first unless told otherwise. */
export interface PageRequest {
  /** From `Page.next`; absent: the first page. One that is not ours rejects with `InvalidSpec`. */
  readonly cursor?: string;
  /** 1 to 200. */
  readonly limit: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent: there is no more. Stays good while things are added and removed. */
  readonly next?: string;
}
