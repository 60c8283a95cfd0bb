import { describe, expect, it } from "vitest";
import { nearRefs } from "./near-refs.ts";

describe("nearRefs", () => {
  it.each([
    ["v5", ["v3", "v4", "main", "v4.1"], "v4"],
    ["4", ["v3", "v4", "main"], "v4"],
    ["master", ["main", "v1", "masterful"], "masterful"],
    ["mian", ["main", "v1"], "main"],
    ["v4.2", ["v1", "v4", "v40"], "v4"],
  ])("puts first what '%s' most probably meant", (ref, refs, best) => {
    expect(nearRefs(ref, refs, 1)).toEqual([best]);
  });

  it("gives no more than it was asked for, newest of equals first", () => {
    expect(nearRefs("v9", ["v1", "v3", "main", "v2"], 2)).toEqual(["v3", "v2"]);
  });
});
