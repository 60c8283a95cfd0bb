import { createHmac } from "node:crypto";

/**
 * The value of `X-Slipway-Signature-256`: `sha256=` and the HMAC-SHA256 of the raw body in hex, as GitHub signs
 * (https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries).
 */
export function signPayload(body: string, key: string): string {
  return `sha256=${createHmac("sha256", key).update(body, "utf8").digest("hex")}`;
}
