import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LinePrefixer, type LinePrefixerOptions } from "./line-prefixer.ts";

function run(chunks: readonly (string | Uint8Array)[], more: Partial<LinePrefixerOptions> = {}): string {
  const prefixer = new LinePrefixer({
    prefix: "jöb | ",
    command: ({ kind, text }) => (kind === "debug" ? undefined : `<${kind}> ${text}`),
    ...more,
  });
  const written = chunks.map((chunk) => prefixer.push(Buffer.from(chunk)).bytes);
  return Buffer.concat([...written, prefixer.flush().bytes]).toString("latin1");
}

const latin1 = (text: string) => Buffer.from(text).toString("latin1");

describe("LinePrefixer", () => {
  it("puts the prefix before every line, wherever the chunks are cut", () => {
    expect(run(["one\ntw", "o\nthree"])).toBe(latin1("jöb | one\njöb | two\njöb | three\n"));
  });

  it("writes commands as they are to be shown, and leaves out what is not", () => {
    const text = "a\n##[group]Title\ninside\n##[endgroup]\n##[debug]hidden\n##[error]bad\nb\n";
    expect(run([text])).toBe(
      latin1("jöb | a\njöb | <group> Title\njöb | inside\njöb | <error> bad\njöb | b\n"),
    );
  });

  it("keeps marks that do not begin a line, or that nobody knows", () => {
    expect(run(["x ##[error]y\n##[other]z\n"])).toBe(latin1("jöb | x ##[error]y\njöb | ##[other]z\n"));
  });

  it("keeps every byte of what is no text", () => {
    const bytes = Buffer.from([0, 255, 254, 10, 128, 13, 10, 200]);
    expect(run([bytes], { prefix: "" })).toBe(`${bytes.toString("latin1")}\n`);
  });

  it("cleans every line where it is told to", () => {
    expect(run(["\x1b[2Jab\ncd\n"], { clean: (line) => line.replace("\x1b[2J", "").toUpperCase() })).toBe(
      latin1("jöb | AB\njöb | CD\n"),
    );
  });

  it("does not hold a line that does not end", () => {
    const prefixer = new LinePrefixer({ prefix: "j | ", command: () => undefined });
    const chunk = Buffer.alloc(10_000, "x");
    const lengths = Array.from({ length: 100 }, () => prefixer.push(chunk).bytes.length);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBeGreaterThan(980_000);
    expect(prefixer.push(Buffer.from("end\nnext\n")).bytes.toString()).toMatch(/^x*end\nj \| next\n$/);
  });

  it("ends an open line where someone else writes next, and begins the rest anew", () => {
    const prefixer = new LinePrefixer({ prefix: "j | ", command: () => undefined });
    const long = "x".repeat(20_000);
    expect(prefixer.push(Buffer.from(long))).toMatchObject({ open: true });
    expect(String(Buffer.from(prefixer.flush().bytes))).toBe("\n");
    expect(String(Buffer.from(prefixer.push(Buffer.from("rest\n")).bytes))).toBe("j | rest\n");
  });

  it("gives the same whatever the chunks, fast way and slow", () => {
    const line = fc.string({
      unit: fc.constantFrom("a", "ü", "#", "[", "]", " ", "\r", "##[x]", "日"),
      maxLength: 8,
    });
    const property = fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.array(fc.nat(60), { maxLength: 5 }),
      fc.boolean(),
      (lines, cuts, slow) => {
        const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(""));
        const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        const expected = latin1(lines.map((each) => `jöb | ${each}\n`).join(""));
        expect(run(chunks, slow ? { clean: (each) => each } : {})).toBe(expected);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });
});
