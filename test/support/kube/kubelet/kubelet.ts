/** What runs the pods that are bound to nodes, and has their logs. */
import type { PodObject } from "../cluster-object.ts";

export interface LogQuery {
  readonly container: string;
  readonly follow: boolean;
  /** The container before the one that runs now. */
  readonly previous: boolean;
  readonly sinceMs?: number;
  readonly tailLines?: number;
}

export interface LogEntry {
  /** RFC 3339 with nanoseconds. */
  readonly timestamp: string;
  /** A line with its line feed, or the end of a log that has none. */
  readonly bytes: Buffer;
}

export interface Kubelet {
  /**
   * The log of a container that has started. Ends when the container has ended, or the log was rotated, or it has told
   * all and need not follow, or `signal` is aborted. Undefined: there is no such log (any more).
   */
  readLog(pod: PodObject, query: LogQuery, signal: AbortSignal): AsyncIterable<LogEntry> | undefined;
  /** Ends all pods and removes what they had. */
  close(): Promise<void>;
}
