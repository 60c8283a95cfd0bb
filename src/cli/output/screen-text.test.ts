import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coloredScreenText, plainScreenText } from "./screen-text.ts";

describe("screen text", () => {
  it.each([
    ["plain", "plain", "plain"],
    ["\x1b[31mred\x1b[0m", "red", "\x1b[31mred\x1b[0m"],
    ["\x1b[38;2;1;2;3mtrue\x1b[0m colour", "true colour", "\x1b[38;2;1;2;3mtrue\x1b[0m colour"],
    ["cursor \x1b[2A\x1b[10Cmoves\x1b[K", "cursor moves", "cursor moves"],
    ["\x1b[2J\x1b[Hcleared", "cleared", "cleared"],
    ["\x1b[?1049hother screen", "other screen", "other screen"],
    ["\x1b]0;a title\x07text", "text", "text"],
    ["\x1b]52;c;c2VjcmV0\x1b\\text", "text", "text"],
    ["\x1b]8;;https://example.org\x07link\x1b]8;;\x07", "link", "link"],
    ["\x1bPq#0;2;0;0;0\x1b\\image", "image", "image"],
    ["\x1bcreset \x1b(0 charset", "reset  charset", "reset  charset"],
    ["\x9b31mC1\x9b0m", "C1", "C1"],
    ["bell\x07 back\x08space null\x00", "bell backspace null", "bell backspace null"],
    ["10%\r50%\r100%", "100%", "100%"],
    ["windows line\r", "windows line", "windows line"],
    ["a\tb", "a       b", "a       b"],
    ["evil \u202etxt.exe", "evil txt.exe", "evil txt.exe"],
    ["several\n  lines", "several lines", "several lines"],
    ["ünïcödé 日本 👩‍👧", "ünïcödé 日本 👩‍👧", "ünïcödé 日本 👩‍👧"],
    ["cut \x1b[3", "cut ", "cut "],
    ["cut \x1b", "cut ", "cut "],
  ])("%j becomes harmless", (line, plain, colored) => {
    expect(plainScreenText(line)).toBe(plain);
    expect(coloredScreenText(line)).toBe(colored);
  });

  it("never lets a control character through, and of escapes only colours", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "\x1b",
        "[",
        "]",
        "\x9b",
        "\x1b[31m",
        "\x1b]0;",
        "\x07",
        "\x1b\\",
        "?25l",
        "m",
        "\n",
        "\t",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const line = pieces.join("");
        expect(plainScreenText(line)).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
        const rest = coloredScreenText(line).replace(/\x1b\[[0-9;:]*m/g, "");
        expect(rest).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
      }),
      { numRuns: 500 },
    );
  });

  it("takes no longer than the line is long", () => {
    // Patterns that go back over what they read would take minutes for these.
    for (const unit of ["\x1b[1", "\x1b]", "\x1b]0;a", "\x1b[", "\n ", "\x1b "]) {
      expect(plainScreenText(unit.repeat(50_000)).length).toBeLessThan(200_000);
    }
  });
});
