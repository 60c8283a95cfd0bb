import { expect, it } from "vitest";
import { legName } from "./leg-name.ts";

it("puts the suffix behind the name", () => {
  expect(legName("test", "(22, linux)")).toBe("test (22, linux)");
  expect(legName("test", "")).toBe("test");
});

it("is at most 100 characters long", () => {
  const name = legName("test", `(${"x".repeat(200)})`);
  expect(name).toHaveLength(100);
  expect(name.endsWith("xxx...")).toBe(true);
});
