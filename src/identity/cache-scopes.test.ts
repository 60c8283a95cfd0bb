import { describe, expect, it } from "vitest";
import type { JsonObject } from "../json.ts";
import { cacheScopes, cacheScopesClaim } from "./cache-scopes.ts";

const repository = { default_branch: "main" };

describe("cacheScopes", () => {
  it.each<[string, JsonObject, string[]]>([
    ["the default branch", { ref: "refs/heads/main", event: { repository } }, ["refs/heads/main"]],
    [
      "a branch",
      { ref: "refs/heads/topic", base_ref: "", event: { repository } },
      ["refs/heads/topic", "refs/heads/main"],
    ],
    ["a tag", { ref: "refs/tags/v1", event: { repository } }, ["refs/tags/v1", "refs/heads/main"]],
    [
      "a pull request to another branch",
      { ref: "refs/pull/1/merge", base_ref: "next", event: { repository } },
      ["refs/pull/1/merge", "refs/heads/next", "refs/heads/main"],
    ],
    ["an event that says nothing", {}, ["refs/heads/HEAD"]],
    ["an event of odd shape", { ref: 7, base_ref: null, event: [1] }, ["refs/heads/HEAD"]],
  ])("reads in order, and writes the first, for %s", (_, github, read) => {
    expect(cacheScopes(github)).toEqual({ read, write: read[0] });
  });
});

describe("the ac claim", () => {
  const github = { ref: "refs/heads/topic", event: { repository } };
  it.each([
    ["write", { "refs/heads/topic": 3, "refs/heads/main": 1 }],
    ["read", { "refs/heads/topic": 1, "refs/heads/main": 1 }],
    ["write-only", { "refs/heads/topic": 2 }],
    ["none", {}],
  ] as const)("with cache mode %s grants %j", (mode, expected) => {
    const claim: { Scope: string; Permission: number }[] = JSON.parse(
      cacheScopesClaim(cacheScopes(github, mode)),
    );
    expect(Object.fromEntries(claim.map((c) => [c.Scope, c.Permission]))).toEqual(expected);
  });
});
