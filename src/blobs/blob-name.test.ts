import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blobKeySegments } from "./blob-key.ts";
import { blobName } from "./blob-name.ts";

describe("blobName", () => {
  it.each(["dist", "My app", "app_1.2.3-linux", "日本語", "build+x@2"])("leaves %j as it is", (name) => {
    expect(blobName(name)).toBe(name);
  });

  it.each([
    "",
    ".",
    "..",
    "../../etc",
    "a/b",
    "e\u0301",
    "x".repeat(500),
    ".x",
    "x.",
    "a~b",
    "\ud800",
    "a\nb",
  ])("makes a harmless segment of %j", (name) => {
    const segment = blobName(name);
    expect(segment).toContain("~");
    expect(blobKeySegments(segment)).toEqual([segment]);
    expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(120);
  });

  it("never gives two names one segment (property)", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        fc.pre(a !== b);
        expect(blobName(a)).not.toBe(blobName(b));
      }),
    );
  });
});
