import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Masker } from "./masker.ts";

function maskerOf(value: string): Masker {
  const masker = new Masker();
  masker.add(value);
  return masker;
}

function streamed(masker: Masker, text: string, places: readonly number[]): string {
  const bytes = Buffer.from(text);
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  const stream = masker.stream();
  const out = at.slice(1).map((end, i) => stream.push(bytes.subarray(at[i], end)));
  return Buffer.concat([...out, stream.end()]).toString();
}

function wrap(encoded: string, width: number, lineEnd: string): string {
  return (encoded.match(new RegExp(`.{1,${width}}`, "g")) ?? []).join(lineEnd);
}

/** Characters that no other byte of the text has a part in: those must be hidden. */
function ownCharacters(before: number, length: number): [start: number, end: number] {
  return [Math.ceil((before * 8) / 6), Math.floor(((before + length) * 8) / 6)];
}

/** The same by the simplest means: where the characters of the secret were, the mask is; a break in it is shown. */
function simplyMasked(
  encoded: string,
  own: readonly [number, number],
  width: number,
  lineEnd: string,
): string {
  const marked = encoded.slice(0, own[0]) + "*".repeat(own[1] - own[0]) + encoded.slice(own[1]);
  return wrap(marked, width, lineEnd).replaceAll(/\*+/g, "***");
}

const secret = fc
  .uint8Array({ minLength: 15, maxLength: 300 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));
const cuts = fc.array(fc.nat(2_000), { maxLength: 12 });

test("base64 that was wrapped into lines, wherever in it the secret begins, and however it is cut into pieces", () => {
  fc.assert(
    fc.property(
      secret,
      fc.nat(120),
      fc.nat(80),
      fc.constantFrom(60, 64, 76),
      fc.constantFrom("\n", "\r\n", "\n    "),
      cuts,
      (value, before, after, width, lineEnd, places) => {
        const encoded = Buffer.from("-".repeat(before) + value + "~".repeat(after)).toString("base64");
        const text = `log\n${wrap(encoded, width, lineEnd)}\nmore\n`;
        const shown = streamed(maskerOf(value), text, places);
        const [start, end] = ownCharacters(before, value.length);
        // Where the value ends the text, what it ends with is known as well.
        const masks = [end, encoded.length].map(
          (last) => `log\n${simplyMasked(encoded, [start, last], width, lineEnd)}\nmore\n`,
        );
        expect(after === 0 ? masks : masks.slice(0, 1)).toContain(shown);
      },
    ),
    { numRuns: 400 },
  );
});

test.each([0, 1, 2, 30, 57, 90])(
  "all lines of a secret behind %i bytes, as `base64` prints them",
  (before) => {
    const value = "0123456789abcdefghij".repeat(10);
    for (const width of [64, 76]) {
      const encoded = Buffer.from(`${"u".repeat(before)}${value}`).toString("base64");
      const [start] = ownCharacters(before, value.length);
      const masked = simplyMasked(encoded, [start, encoded.length], width, "\n");
      expect(maskerOf(value).text(wrap(encoded, width, "\n"))).toBe(masked);
      expect(masked.split("\n").slice(-3)).toEqual(["***", "***", "***"]);
    }
  },
);

test("hex that `xxd -p` cut into lines", () => {
  const value = "a secret that is longer than a line of hex";
  const text = wrap(Buffer.from(`user:${value}\n`).toString("hex"), 60, "\n");
  expect(maskerOf(value).text(text)).toBe(`${Buffer.from("user:").toString("hex")}***\n***0a`);
});

test("how the text is cut makes no difference to secrets that repeat and overlap themselves", () => {
  const letters = fc.constantFrom("YWFh", "a", "\n", "\r\n", "YWFh".repeat(16), "a".repeat(64), " ");
  const text = fc.array(letters, { maxLength: 40 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      fc.constantFrom("a".repeat(7), "a".repeat(70), "aaab".repeat(30)),
      text,
      cuts,
      (value, plain, places) => {
        const masker = maskerOf(value);
        expect(streamed(masker, plain, places)).toBe(masker.text(plain));
      },
    ),
    { numRuns: 500 },
  );
});

describe("what is not wrapped", () => {
  test("lines of words are not joined", () => {
    expect(maskerOf("hunter2").text("x hunt\ner2 x")).toBe("x hunt\ner2 x");
  });

  test("the end of a line is shown at once, where it cannot be a part of a secret", () => {
    const line = `${"Q".repeat(76)}\n`;
    const stream = maskerOf("a secret of some length").stream();
    expect(Buffer.from(stream.push(Buffer.from(line))).toString()).toBe(line);
  });
});
