import { createHash } from "node:crypto";
import type { Call } from "./call.ts";

/**
 * The id of the build that a request with an `Idempotency-Key` starts, always the same one: a request whose answer was
 * lost on the way finds the build that it made, whatever became of the key's own record. Undefined without a key.
 */
export function buildIdOf(
  call: Pick<Call, "idempotencyKey" | "principal" | "projectId">,
): string | undefined {
  if (call.idempotencyKey === undefined) return undefined;
  const hash = createHash("sha256")
    .update(JSON.stringify([call.principal.id, call.projectId, call.idempotencyKey]))
    .digest("hex");
  // Version 8 of RFC 9562: a UUID whose bits are its maker's.
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
