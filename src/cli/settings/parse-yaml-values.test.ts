import { describe, expect, it } from "vitest";
import { parseYamlValues } from "./parse-yaml-values.ts";

describe("parseYamlValues", () => {
  it("reads plain values, as text", () => {
    expect(parseYamlValues("A: one\nB: 2\nC: |\n  two\n  lines\nD:\n", "f.yml")).toEqual({
      A: "one",
      B: "2",
      C: "two\nlines\n",
      D: "",
    });
    expect(parseYamlValues("", "f.yml")).toEqual({});
  });

  it.each([
    ["A: [secret-word]", 'f.yml must be a mapping of names to plain values, but "A" is not one.'],
    ["- secret-word", "f.yml must be a mapping of names to plain values, but it is not one."],
    ["A: 'secret-word", "f.yml is not valid YAML (line 1, MISSING_CHAR)."],
  ])("refuses %j without telling what stands there", (text, message) => {
    expect(() => parseYamlValues(text, "f.yml")).toThrow(message);
  });
});
