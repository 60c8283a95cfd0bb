/** What our messages carry beside their body. */
export const HEADER = {
  /** Deliveries before this message was put where it is. */
  deliveries: "x-slipway-deliveries",
  /** Why it is a dead letter. */
  reason: "x-slipway-reason",
  /** Unix milliseconds when it became one. */
  at: "x-slipway-dead-at",
} as const;

/** A message's headers, of whoever wrote it: nothing about them is sure. */
export interface MessageHeaders {
  readonly [name: string]: unknown;
}

/** How often it was delivered before, by the broker's count in this queue and ours in those before. */
export function deliveriesBefore(headers: MessageHeaders | undefined): number {
  return count(headers?.[HEADER.deliveries]) + count(headers?.["x-delivery-count"]);
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** The text of a body as the library gives it: parsed where its type said JSON, as text or as bytes otherwise. */
export function bodyText(body: unknown): string {
  if (Buffer.isBuffer(body)) return body.toString("utf8");
  return typeof body === "string" ? body : JSON.stringify(body);
}
