import { ExecError } from "../errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { BuildHandler, BuildMessage } from "./queue-client.ts";

/** What becomes of a delivery. */
export type Settlement =
  | { readonly kind: "ack" }
  | { readonly kind: "retry" | "dead"; readonly reason: string };

export interface HandlerCall {
  readonly message: BuildMessage;
  readonly delivery: number;
  readonly handler: BuildHandler;
  readonly logger: Logger;
  /** Called once. Must not reject. */
  readonly settle: (settlement: Settlement) => Promise<void>;
}

/**
 * Calls a handler with one delivery and settles it once: by the first `ack` or `nack`, else by how the handler ends.
 * Resolves when the handler has ended; never rejects.
 */
export async function runHandler({ message, delivery, handler, logger, settle }: HandlerCall): Promise<void> {
  let settled: Promise<void> | undefined;
  const settleOnce = (settlement: Settlement): Promise<void> => {
    settled ??= settle(settlement);
    return settled;
  };
  try {
    await handler({
      message,
      delivery,
      ack: () => settleOnce({ kind: "ack" }),
      nack: (how, reason) => settleOnce({ kind: how, reason }),
    });
    await settleOnce({ kind: "ack" });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (settled !== undefined) {
      logger.warn({ buildId: message.buildId, error: reason }, "a handler failed after it had settled");
      return;
    }
    const isTransient = error instanceof ExecError && error.code === "Transient";
    await settleOnce({ kind: isTransient ? "retry" : "dead", reason });
  }
}
