import { expect, test } from "vitest";
import { derivedId } from "./derived-id.ts";

test("an id is the same whenever it is made, and differs with whatever it is made of", () => {
  const made = derivedId("job", "step", 1, 1_000);
  expect(made).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(derivedId("job", "step", 1, 1_000)).toBe(made);
  const others = [
    derivedId("job2", "step", 1, 1_000),
    derivedId("job", "annotation", 1, 1_000),
    derivedId("job", "step", 2, 1_000),
    derivedId("job", "step", 1, 1_001),
  ];
  expect(new Set([made, ...others]).size).toBe(5);
});

test("ids of one owner sort by time, then by number", () => {
  const ids = [derivedId("b", "x", 1, 5), derivedId("b", "x", 2, 5), derivedId("b", "x", 1, 6)];
  expect([...ids].sort()).toEqual(ids);
});
