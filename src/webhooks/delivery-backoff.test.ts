import { describe, expect, it } from "vitest";
import { DEFAULT_BACKOFF, type DeliveryBackoff, nextAttemptAt } from "./delivery-backoff.ts";

const BACKOFF: DeliveryBackoff = { maxAttempts: 4, delaysMs: [1_000, 10_000] };
const NOW = Date.parse("2026-01-01T00:00:00Z");

describe("when a delivery is tried again", () => {
  it.each([
    [1, 0.5, 1_000],
    [1, 0, 800],
    [1, 0.999, 1_200],
    [2, 0.5, 10_000],
    [3, 0.5, 10_000],
    [4, 0.5, undefined],
    [5, 0.5, undefined],
  ])("after attempt %i by chance %d in %s ms", (attempt, chance, delayMs) => {
    const at = nextAttemptAt(BACKOFF, { attempt, now: NOW, random: () => chance });
    expect(at).toBe(delayMs === undefined ? undefined : NOW + delayMs);
  });

  it.each([
    ["60", 60_000],
    ["0", 1_000],
    ["Thu, 01 Jan 2026 00:02:00 GMT", 120_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 1_000],
    ["99999999", 6 * 3_600_000],
    ["soon", 1_000],
    ["-5", 1_000],
  ])("not before the receiver asks for it: Retry-After: %s", (retryAfter, delayMs) => {
    expect(nextAttemptAt(BACKOFF, { attempt: 1, now: NOW, retryAfter, random: () => 0.5 })).toBe(
      NOW + delayMs,
    );
  });

  it("by default later each time, for about half a day", () => {
    const delays: number[] = [];
    for (let attempt = 1; attempt < DEFAULT_BACKOFF.maxAttempts; attempt += 1) {
      delays.push((nextAttemptAt(DEFAULT_BACKOFF, { attempt, now: 0, random: () => 0.5 }) ?? 0) / 3_600_000);
    }
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    const hours = delays.reduce((sum, delay) => sum + delay, 0);
    expect(hours).toBeGreaterThan(9);
    expect(hours).toBeLessThan(15);
  });
});
