import { describe, expect, it } from "vitest";
import type { CacheEntry } from "./cache-entry.ts";
import { chooseCache } from "./choose-cache.ts";

const MAIN = "refs/heads/main";
const TOPIC = "refs/heads/topic";

/** Written `scope key`, oldest first. */
function entries(...lines: string[]): CacheEntry[] {
  return lines.map((line, index) => {
    const [scope = "", key = ""] = line.split(" ");
    return {
      format: 1,
      id: index,
      repository: "r",
      version: "v",
      scope,
      key,
      sizeBytes: 1,
      createdAt: index,
    };
  });
}

describe("chooseCache", () => {
  it.each<[string, string[], string[], string[], string | undefined]>([
    ["the exact key", [`${MAIN} npm-1`, `${MAIN} npm-12`], [MAIN], ["npm-1"], `${MAIN} npm-1`],
    [
      "the newest that begins with the key",
      [`${MAIN} npm-a`, `${MAIN} npm-b`],
      [MAIN],
      ["npm-"],
      `${MAIN} npm-b`,
    ],
    [
      "an earlier key before a newer cache",
      [`${MAIN} a-1`, `${MAIN} b-1`],
      [MAIN],
      ["a-", "b-"],
      `${MAIN} a-1`,
    ],
    ["a later key if no earlier one fits", [`${MAIN} b-1`], [MAIN], ["a-", "b-"], `${MAIN} b-1`],
    [
      "a prefix in the own ref before the exact key of another",
      [`${TOPIC} npm-old`, `${MAIN} npm-1`],
      [TOPIC, MAIN],
      ["npm-1", "npm-"],
      `${TOPIC} npm-old`,
    ],
    [
      "the default branch's if the own ref has none",
      [`${MAIN} npm-1`],
      [TOPIC, MAIN],
      ["npm-1"],
      `${MAIN} npm-1`,
    ],
    ["none of a ref that is not readable", [`${TOPIC} npm-1`], [MAIN], ["npm-1"], undefined],
    ["none without a match", [`${MAIN} npm-1`], [MAIN], ["pip-"], undefined],
    ["none whose key merely is a prefix of the one asked for", [`${MAIN} npm`], [MAIN], ["npm-1"], undefined],
  ])("takes %s", (_, given, scopes, keys, expected) => {
    const found = chooseCache(entries(...given), scopes, keys);
    expect(found && `${found.scope} ${found.key}`).toBe(expected);
  });
});
