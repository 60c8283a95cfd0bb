import { describe, expect, it } from "vitest";
import { MasterKey } from "./master-key.ts";

const BYTES = Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 37 + 251) % 256));

describe("MasterKey", () => {
  it.each([
    ["hex", BYTES.toString("hex")],
    ["upper-case hex", BYTES.toString("hex").toUpperCase()],
    ["base64", BYTES.toString("base64")],
    ["base64 without padding", BYTES.toString("base64").replace("=", "")],
    ["base64url", BYTES.toString("base64url")],
    ["a line of a file", `${BYTES.toString("base64")}\n`],
  ])("is read from %s", (_, text) => {
    expect(MasterKey.parse(text, "It").id).toBe(new MasterKey(BYTES).id);
  });

  it.each([
    ["nothing", ""],
    ["16 bytes", BYTES.subarray(16).toString("base64")],
    ["33 bytes", Buffer.concat([BYTES, BYTES.subarray(31)]).toString("base64")],
    ["a pass phrase", "correct horse battery staple correct horse!"],
    ["63 digits of hex", BYTES.toString("hex").slice(1)],
  ])("is not read from %s, and the error does not say it", (_, text) => {
    const parse = () => MasterKey.parse(text, "SLIPWAY_MASTER_KEY");
    expect(parse).toThrow(/^SLIPWAY_MASTER_KEY is not a key: 32 bytes/);
    if (text !== "") expect(parse).not.toThrow(text);
  });

  it("gives every purpose a key of its own, the same each time", () => {
    const key = new MasterKey(BYTES);
    expect(key.derive("a")).toEqual(new MasterKey(BYTES).derive("a"));
    expect(key.derive("a")).not.toEqual(key.derive("b"));
    expect(key.derive("a")).not.toEqual(MasterKey.random().derive("a"));
    expect(key.derive("a")).toHaveLength(32);
  });

  it("shows nothing of itself where it is printed", () => {
    const key = new MasterKey(BYTES);
    expect(JSON.stringify(key)).toBe(JSON.stringify({ id: key.id }));
    expect(key.id).not.toContain(BYTES.toString("hex").slice(0, 4));
  });
});
