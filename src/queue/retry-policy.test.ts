import { expect, it } from "vitest";
import { DEFAULT_RETRY_POLICY, delayAfter } from "./retry-policy.ts";

it.each([
  [1, 10],
  [2, 20],
  [3, 20],
  [4, undefined],
  [9, undefined],
])("after delivery %i a message waits %s ms", (delivery, delayMs) => {
  expect(delayAfter({ maxDeliveries: 4, delaysMs: [10, 20] }, delivery)).toBe(delayMs);
});

it("grows by default, and has an end", () => {
  const delays = Array.from({ length: 7 }, (_, index) => delayAfter(DEFAULT_RETRY_POLICY, index + 1));
  expect(delays).toEqual([...delays].sort((a, b) => (a ?? 0) - (b ?? 0)));
  expect(delayAfter(DEFAULT_RETRY_POLICY, DEFAULT_RETRY_POLICY.maxDeliveries)).toBeUndefined();
});
