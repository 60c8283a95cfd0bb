import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import { ExecError } from "../../errors.ts";
import type { Principal } from "../../identity/principal.ts";

/** Who makes a call, and whether they still may. */
export interface CallContext {
  readonly caller: Principal;
  /** Asks again who the bearer is. Rejects with `Unauthorized` where that is nobody any more. */
  readonly again: () => Promise<Principal>;
}

export const CALL_CONTEXT = createContextKey<CallContext | undefined>(undefined, {
  description: "who makes the call",
});

export function callContext(context: Pick<HandlerContext, "values">): CallContext {
  const call = context.values.get(CALL_CONTEXT);
  if (call === undefined) throw new ExecError("Unauthorized", "This call needs credentials.");
  return call;
}
