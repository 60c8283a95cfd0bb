import type { ExecError } from "../../errors.ts";

/** How a process ended. A process that failed is a value; `error` says why one could not be started at all. */
export type ProcessEnd = ProcessOutcome & {
  /** True: the caller's signal was aborted before the process ended by itself. */
  readonly cancelled: boolean;
};

type ProcessOutcome =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals }
  | { readonly kind: "not-started"; readonly error: ExecError }
  /** It was killed, because how it ends would have been told to nobody. */
  | { readonly kind: "lost"; readonly error: ExecError };
