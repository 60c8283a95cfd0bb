import { expect, it } from "vitest";
import { pathInOwnRepository } from "./path-in-own-repository.ts";

it.each([
  ["./a/b.yml", "a/b.yml"],
  ["$/a/b.yml", "a/b.yml"],
  ["$//a", "a"],
  ["./", ""],
])("finds the path of %s", (uses, path) => {
  expect(pathInOwnRepository(uses)).toBe(path);
});

it.each(["o/r@v1", "docker://alpine", "../a", ".\\a", "$a/b", "/a", ""])("finds no path in %j", (uses) => {
  expect(pathInOwnRepository(uses)).toBeUndefined();
});
