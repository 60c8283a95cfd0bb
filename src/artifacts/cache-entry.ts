import { readRecord } from "./read-record.ts";

/** What is known of a cache; lies as JSON beside its archive. */
export interface CacheEntry {
  readonly format: 1;
  readonly id: number;
  readonly repository: string;
  /** The ref that saved it. */
  readonly scope: string;
  readonly key: string;
  /** The clients' hash of paths and compression: an archive fits only who asks with the same. */
  readonly version: string;
  readonly sizeBytes: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

const TEXTS = ["repository", "scope", "key", "version"] as const;
const NUMBERS = ["id", "sizeBytes", "createdAt"] as const;

/** Undefined: somebody else's file, a later format, or broken. */
export function readCacheEntry(json: string): CacheEntry | undefined {
  return readRecord(json, { texts: TEXTS, numbers: NUMBERS }) as CacheEntry | undefined;
}
