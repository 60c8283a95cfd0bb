import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineTimes, LogDecoder } from "./log-text.ts";

const AT = Date.UTC(2026, 0, 2);
/** The bytes cut at these places, as pieces of a log that began before. */
function pieces(bytes: Uint8Array, cuts: readonly number[], start = 100) {
  const places = [
    0,
    ...[...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b),
    bytes.length,
  ];
  return places.slice(1).map((end, index) => {
    const from = places[index] ?? 0;
    return { offset: start + from, data: bytes.subarray(from, end), at: AT };
  });
}
function decodeAll(bytes: Uint8Array, cuts: readonly number[], stripAnsi: boolean): string {
  const decoder = new LogDecoder({ stripAnsi });
  const texts = pieces(bytes, cuts).map((piece) => decoder.push(piece).text);
  return texts.join("") + (decoder.finish(AT)?.text ?? "");
}
const cuts = fc.array(fc.nat(2000), { maxLength: 12 });

const STRIPPED: readonly (readonly [string, string])[] = [
  ["\x1b[31mred\x1b[0m", "red"],
  ["\x1b]0;title\x07text", "text"],
  ["\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"],
  ["a\x1b(Bb\x1b7c\x1b=d", "abcd"],
  ["\x1b[?25l\x1b[2K50%\r", "50%\r"],
  ["no sequence", "no sequence"],
];

describe("LogDecoder", () => {
  it.each(STRIPPED)("strips %j to %j, wherever it is cut", (printed, text) => {
    const bytes = Buffer.from(printed);
    for (let cut = 0; cut <= bytes.length; cut++) expect(decodeAll(bytes, [cut], true)).toBe(text);
  });
  it("keeps characters whole, wherever they are cut", () => {
    const property = fc.property(fc.string({ unit: "binary" }), cuts, (text, at) => {
      const bytes = Buffer.from(text.toWellFormed());
      expect(decodeAll(bytes, at, false)).toBe(bytes.toString());
    });
    fc.assert(property, { seed: 3 });
  });
  it("resumes at any part's end as if it had never stopped", () => {
    const chunk = fc.constantFrom("a", "é", "😀", "\x1b[1m", "\n", "\x1b]0;t\x07", "\x1b");
    const property = fc.property(fc.array(chunk, { maxLength: 30 }), cuts, fc.nat(30), (parts, at, stop) => {
      const bytes = Buffer.from(parts.join(""));
      const whole = decodeAll(bytes, [], true);
      const first = new LogDecoder({ stripAnsi: true });
      const seen = pieces(bytes, at)
        .slice(0, stop)
        .map((piece) => first.push(piece));
      const end = (seen.at(-1)?.end ?? 100) - 100;
      const rest = decodeAll(bytes.subarray(end), [], true);
      expect(seen.map(({ text }) => text).join("") + rest).toBe(whole);
    });
    fc.assert(property, { seed: 5, numRuns: 300 });
  });
  it("says where each part begins and ends, in bytes", () => {
    const decoder = new LogDecoder({ stripAnsi: false });
    const bytes = Buffer.from("aé");
    expect(decoder.push({ offset: 10, data: bytes.subarray(0, 2), at: AT })).toMatchObject({
      offset: 10,
      end: 11,
      text: "a",
    });
    expect(decoder.push({ offset: 12, data: bytes.subarray(2), at: AT })).toMatchObject({
      offset: 11,
      end: 13,
      text: "é",
    });
  });
  it("shows a sequence that never ends as what it is", () => {
    const bytes = Buffer.from(`\x1b]0;${"x".repeat(10_000)}`);
    const text = decodeAll(bytes, [], true);
    expect(text.length).toBeGreaterThan(5_000);
  });
  it("shows bytes that are no UTF-8 as U+FFFD", () => {
    expect(decodeAll(Buffer.from([0x61, 0xff, 0x62, 0xc3]), [], false)).toBe("a\ufffdb\ufffd");
  });
});

describe("LineTimes", () => {
  const stamp = "2026-01-02T00:00:00.000Z ";
  it("puts the time before each line, once", () => {
    const times = new LineTimes(true);
    const text = ["one\ntw", "o\n", "", "three"].map((part) => times.push({ text: part, at: AT })).join("");
    expect(text).toBe(`${stamp}one\n${stamp}two\n${stamp}three`);
  });
  it("leaves the rest of a line that began before", () => {
    expect(new LineTimes(false).push({ text: "rest\nnext\n", at: AT })).toBe(`rest\n${stamp}next\n`);
  });
});
