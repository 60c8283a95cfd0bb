import type { JsonObject } from "../../json.ts";
import type { CheckoutSource } from "../../protocol/job-request.ts";

export interface CheckoutContext {
  readonly source: CheckoutSource;
  /** `request.actions`: where another `repository:` is cloned from if the server of the source is not asked for. */
  readonly workspace: string;
  readonly temp: string;
  /** The `github` context: `ref`, `sha`, `repository`, `token`. */
  readonly github: JsonObject;
  /** For git: PATH, HOME, proxies. */
  readonly env: { readonly [name: string]: string };
  readonly signal: AbortSignal;
  /** Lines for the step's log (`##[group]` and friends included). */
  readonly log: (line: string) => void;
  /** A warning annotation. */
  readonly warn: (message: string) => void;
  readonly mask: (value: string) => void;
}

export interface CheckoutResult {
  readonly outputs: { readonly ref: string; readonly commit: string };
  /** For `cleanUpCheckout` in the post step; absent: there is nothing to clean up and no post step. */
  readonly state?: { readonly [name: string]: string };
}

/**
 * The built-in `actions/checkout`. `inputs` is the step's evaluated `with`; defaults are filled in here.
 * Rejects with `ExecError`; what a user did wrong is `InvalidSpec` or `NotFound`.
 */
export async function runCheckout(
  _inputs: { readonly [name: string]: string },
  _context: CheckoutContext,
): Promise<CheckoutResult> {
  throw new Error("not built yet");
}

/** The post step: takes persisted credentials away again. */
export async function cleanUpCheckout(
  _state: { readonly [name: string]: string },
  _context: CheckoutContext,
): Promise<void> {
  throw new Error("not built yet");
}
