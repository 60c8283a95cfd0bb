import { describe, expect, test } from "vitest";
import type { PermissionsSpec } from "../spec/workflow-spec.ts";
import { excessOf, givesIdToken } from "./permission-levels.ts";

describe("permissions beyond those of a caller", () => {
  test.each<[PermissionsSpec, PermissionsSpec, string | undefined]>([
    [{ contents: "read" }, { contents: "read" }, undefined],
    [{ contents: "read" }, { contents: "write" }, undefined],
    [{ contents: "none" }, {}, undefined],
    [{}, {}, undefined],
    [{ contents: "write" }, { contents: "read" }, "contents: write > contents: read"],
    [
      { contents: "write", packages: "read" },
      {},
      "contents: write, packages: read > contents: none, packages: none",
    ],
    [{ contents: "write" }, "read-all", "contents: write > contents: read"],
    [{ contents: "write" }, "write-all", undefined],
    ["read-all", "write-all", undefined],
    ["read-all", "read-all", undefined],
    ["write-all", "write-all", undefined],
    [{ "made-up": "read" }, {}, "made-up: read > made-up: none"],
  ])("%j of %j", (requested, allowed, expected) => {
    const excess = excessOf(requested, allowed);
    expect(excess && `${excess.requested} > ${excess.allowed}`).toBe(expected);
  });

  test("name every scope where all are asked for and none is allowed", () => {
    expect(excessOf("write-all", {})?.requested).toContain("models: read");
    expect(excessOf("write-all", {})?.requested).toContain("id-token: write");
  });
});

test.each<[PermissionsSpec | undefined, boolean]>([
  [undefined, false],
  [{}, false],
  [{ "id-token": "read" }, false],
  [{ "id-token": "write" }, true],
  ["read-all", false],
  ["write-all", true],
])("permissions %j give an id token: %s", (permissions, gives) => {
  expect(givesIdToken(permissions)).toBe(gives);
});
