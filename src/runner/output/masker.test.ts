import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Masker } from "./masker.ts";
import { valueEncodings } from "./value-encodings.ts";

function maskerOf(...values: string[]): Masker {
  const masker = new Masker();
  for (const value of values) masker.add(value);
  return masker;
}

/** Streams the pieces and joins what comes out. */
function streamed(masker: Masker, pieces: readonly (string | Uint8Array)[]): string {
  const stream = masker.stream();
  const out = pieces.map((piece) => stream.push(typeof piece === "string" ? Buffer.from(piece) : piece));
  return Buffer.concat([...out, stream.end()]).toString();
}

describe("what is hidden", () => {
  test.each<[string, string[], string, string]>([
    ["a value", ["hunter2"], "the word is hunter2.", "the word is ***."],
    ["a value twice", ["hunter2"], "hunter2 and hunter2", "*** and ***"],
    ["a value beside itself is one run", ["ab"], "xababy", "x***y"],
    ["values that overlap are one run", ["abcd", "cdef"], "xabcdefy", "x***y"],
    ["values that touch are one run", ["abcd", "efgh"], "xabcdefghy", "x***y"],
    ["a value inside another", ["bc", "abcd"], "abcd bc", "*** ***"],
    ["one that overlaps itself", ["aba"], "xababay", "x***y"],
    ["a single character", ["q"], "quit quickly", "***uit ***uickly"],
    ["two characters", ["42"], "1422 4 2 42", "1***2 4 2 ***"],
    ["space around a value is no part of it", ["  pass word \n"], "pass word", "***"],
    ["letters that are not Latin", ["пароль"], "мой пароль!", "мой ***!"],
    ["an emoji", ["🔑🔑"], "key 🔑🔑 here", "key *** here"],
    ["a value of many lines", ["line one\nline two"], "x\nline one\nline two\ny", "x\n***\ny"],
    ["each line by itself", ["line one\r\nline two"], "line two, line one", "***, ***"],
    ["a value of many lines with other line ends", ["k1=abc\nk2=def"], "k1=abc\r\nk2=def", "***"],
    ["each line by itself, be it two signs", ["🔑🔑\n--\nab"], "a 🔑🔑 b --", "a *** b ***"],
    ["not the lines that are only brackets", ['{\n"a": "secret!"\n}'], '{ x } "a": "secret!"', "{ x } ***"],
  ])("%s", (_, values, text, expected) => {
    expect(maskerOf(...values).text(text)).toBe(expected);
    expect(streamed(maskerOf(...values), [text])).toBe(expected);
    expect(streamed(maskerOf(...values), [...text])).toBe(expected);
  });

  test.each(["", " ", "\n", "\t \r\n"])("a blank value (%j) hides nothing", (value) => {
    expect(maskerOf(value).text("a b\tc\n")).toBe("a b\tc\n");
  });

  test("a value that is added later is hidden from then on, also in what was held back", () => {
    const masker = maskerOf("abcdef");
    const stream = masker.stream();
    const before = stream.push(Buffer.from("abcdef later abc"));
    masker.add("bcX");
    const after = [stream.push(Buffer.from("X later")), stream.end()];
    expect(Buffer.concat([before, ...after]).toString()).toBe("*** later a*** later");
  });
});

describe("encodings", () => {
  const secret = `p@ss "w'rd" & <t>/é+~!\\$x`;
  test.each<[string, string]>([
    ["base64", Buffer.from(secret).toString("base64")],
    ["base64 of a name before it", Buffer.from(`user:${secret}`).toString("base64")],
    ["base64 of a longer name before it", Buffer.from(`users:${secret}`).toString("base64")],
    ["URL-safe base64", Buffer.from(secret).toString("base64url")],
    ["hex", Buffer.from(secret).toString("hex")],
    ["upper-case hex", Buffer.from(secret).toString("hex").toUpperCase()],
    ["JSON", JSON.stringify(secret)],
    ["JSON of Python", JSON.stringify(secret).replace("é", "\\u00e9")],
    [
      "JSON of Go",
      JSON.stringify(secret).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"),
    ],
    ["JSON of PHP", JSON.stringify(secret).replaceAll("/", "\\/")],
    ["JSON inside JSON", JSON.stringify(JSON.stringify(secret))],
    ["encodeURIComponent", encodeURIComponent(secret)],
    ["a form", new URLSearchParams({ secret }).toString()],
    ["lower-case URI escapes", encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase())],
    [
      "XML",
      secret
        .replaceAll("&", "&amp;")
        .replaceAll("<", "&lt;")
        .replaceAll(">", "&gt;")
        .replaceAll('"', "&quot;")
        .replaceAll("'", "&apos;"),
    ],
    ["single quotes of a shell", `'${secret.replaceAll("'", "'\\''")}'`],
    ["double quotes of a shell", `"${secret.replaceAll(/["\\$`]/g, "\\$&")}"`],
    ["quotes escaped for a command line", secret.replaceAll('"', '\\"')],
    ["printf %q of bash", `p@ss\\ \\"w\\'rd\\"\\ \\&\\ \\<t\\>/é+\\~\\!\\\\\\$x`],
    ["an expression's literal", `'${secret.replaceAll("'", "''")}'`],
  ])("%s", (_, text) => {
    const shown = maskerOf(secret).text(text);
    expect(shown).toContain("***");
    expect(shown).not.toMatch(/ss|w'rd|&|x/);
  });

  test("base64 in the middle of more: all but the characters at its borders are hidden", () => {
    const value = "correct-horse-battery-staple";
    for (const before of ["", "a", "ab"]) {
      for (const after of ["", "\n", "yz", "xyz"]) {
        const shown = maskerOf(value).text(Buffer.from(before + value + after).toString("base64"));
        expect(shown).toMatch(/^[\w+/]{0,4}\*\*\*[\w+/=]{0,8}$/);
      }
    }
  });

  test("base64 that the base64 command cut into lines", () => {
    const value = "0123456789abcdefghijklmnopqrstuvwxyz".repeat(6);
    const lines =
      Buffer.from(`${value}\n`)
        .toString("base64")
        .match(/.{1,76}/g) ?? [];
    expect(lines.length).toBeGreaterThan(3);
    expect(maskerOf(value).text(lines.join("\n"))).toMatch(/^(\*\*\*\n)+\*\*\*\w{0,4}=*$/);
  });

  test("a value with half a character is hidden too, and as URI it is what others make of it", () => {
    const value = "half \ud83d of it";
    const masker = maskerOf(value);
    expect(masker.text(`<${value}>`)).toBe("<***>");
    expect(masker.text("<half%20%EF%BF%BD%20of%20it>")).toBe("<***>");
  });

  test("quotes around a value", () => {
    expect(maskerOf('"quoted value"').text("quoted value")).toBe("***");
  });

  test.each([
    ["secretpart1&secretpart2&secretpart3", "secretpart1&secretpart2&|secretpart3"],
    ["secretpart1&+secretpart2&secretpart3", "secretpart1&+|ecretpart2&secretpart3"],
  ])("%s as PowerShell cuts it where it colours an error", (value, text) => {
    expect(maskerOf(value).text(text)).toBe("***|***");
  });
});

describe("for any text, secrets and pieces", () => {
  // Few letters, so that secrets do occur, overlap and touch. No "*": it is what a mask is made of.
  const letters = fc.constantFrom("a", "b", "c", "é", "🔑", "&", "'", " ", "\n");
  const secret = fc
    .string({ unit: letters, minLength: 1, maxLength: 6 })
    .filter((value) => value.trim() !== "");
  const secrets = fc.array(secret, { minLength: 1, maxLength: 4 });
  const text = fc.string({ unit: letters, maxLength: 60 });
  const cuts = fc.array(fc.nat(200), { maxLength: 8 });

  function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
    const at = [
      0,
      ...places.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b),
      bytes.length,
    ];
    return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
  }

  test("no secret and no encoding of one is shown", () => {
    fc.assert(
      fc.property(secrets, text, cuts, (values, plain, places) => {
        const encodings = values.map((value) => [...valueEncodings(value.trim())]);
        const full = plain + encodings.flat().join("|");
        const shown = streamed(maskerOf(...values), cut(Buffer.from(full), places));
        for (const encoding of encodings.flat()) expect(shown).not.toContain(encoding);
      }),
    );
  });

  test("how the text is cut makes no difference", () => {
    fc.assert(
      fc.property(secrets, text, cuts, (values, plain, places) => {
        const masker = maskerOf(...values);
        expect(streamed(masker, cut(Buffer.from(plain), places))).toBe(masker.text(plain));
      }),
    );
  });

  test("exactly the bytes of matches are hidden, each run by one mask", () => {
    fc.assert(
      fc.property(secrets, text, (values, plain) => {
        const patterns = values.flatMap((value) => {
          const lines = value
            .trim()
            .split(/\n+/)
            .map((line) => line.trim());
          return [value.trim(), ...lines].flatMap((part) => (part === "" ? [] : [...valueEncodings(part)]));
        });
        expect(maskerOf(...values).text(plain)).toBe(simplyMasked(plain, patterns));
      }),
    );
  });

  test("a text without secrets is not changed", () => {
    const masker = maskerOf("sesame", "0".repeat(300), "xyz");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), cuts, (bytes, places) => {
        const clean = Buffer.from(bytes.map((byte) => (byte === 0x78 || byte === 0x30 ? 0x41 : byte)));
        const stream = masker.stream();
        const shown = Buffer.concat([...cut(clean, places).map((piece) => stream.push(piece)), stream.end()]);
        expect(shown.equals(clean)).toBe(true);
      }),
    );
  });

  /** The same by the simplest means. */
  function simplyMasked(plain: string, patterns: readonly string[]): string {
    const hidden = new Array<boolean>(plain.length).fill(false);
    for (const pattern of patterns) {
      for (let at = plain.indexOf(pattern); at >= 0; at = plain.indexOf(pattern, at + 1)) {
        hidden.fill(true, at, at + pattern.length);
      }
    }
    let shown = "";
    for (let i = 0; i < plain.length; i++) shown += !hidden[i] ? plain[i] : hidden[i - 1] ? "" : "***";
    return shown;
  }
});

describe("what is held back", () => {
  test("nothing, where nothing at the end may be the beginning of a secret", () => {
    const stream = maskerOf("hunter2").stream();
    expect(Buffer.from(stream.push(Buffer.from("Continue? "))).toString()).toBe("Continue? ");
  });

  test("only what may be the beginning, until it is known not to be", () => {
    const stream = maskerOf("hunter2").stream();
    expect(Buffer.from(stream.push(Buffer.from("go hunt"))).toString()).toBe("go ");
    expect(Buffer.from(stream.push(Buffer.from("ing"))).toString()).toBe("hunting");
  });

  test("bytes without secrets are passed on without being copied", () => {
    const bytes = Buffer.from("nothing of note ");
    expect(maskerOf("hunter2").stream().push(bytes)).toBe(bytes);
  });

  test("a secret of a megabyte that comes in small pieces", () => {
    const value = Array.from({ length: 100_000 }, (_, i) => i.toString(36)).join("-");
    const masker = maskerOf(value);
    const pieces = `before ${value} after`.match(/.{1,8192}/g) ?? [];
    expect(streamed(masker, pieces)).toBe("before *** after");
  });
});
