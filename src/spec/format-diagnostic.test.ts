import { describe, expect, it } from "vitest";
import type { Diagnostic } from "./diagnostic.ts";
import { formatDiagnostic } from "./format-diagnostic.ts";

function diagnostic(change: Partial<Diagnostic> = {}): Diagnostic {
  return {
    severity: "error",
    code: "unknown-key",
    message: "Unexpected value 'runs'",
    file: "ci.yml",
    line: 2,
    column: 5,
    endLine: 2,
    endColumn: 9,
    ...change,
  };
}

describe("formatDiagnostic", () => {
  it("shows place, message, the line with a caret under the mistake, and the hint", () => {
    const text = formatDiagnostic(diagnostic({ hint: "Did you mean 'run'?" }), "steps:\n  - runs: x\n", {
      color: false,
    });
    expect(text).toBe(
      [
        "ci.yml:2:5: error: Unexpected value 'runs' [unknown-key]",
        "  |",
        "2 |   - runs: x",
        "  |     ^^^^",
        "  = hint: Did you mean 'run'?",
      ].join("\n"),
    );
  });

  it("keeps the caret under the mistake behind tabs and wide characters", () => {
    const lines = formatDiagnostic(diagnostic({ column: 4, endColumn: 5 }), "a\n\t名前x", {
      color: false,
    }).split("\n");
    expect(lines[2]).toBe("2 |     名前x");
    expect(lines[3]).toBe("  |         ^");
    const wide = formatDiagnostic(diagnostic({ column: 2, endColumn: 4 }), "a\n-名前-", { color: false });
    expect(wide.split("\n")[3]).toBe("  |  ^^^^");
  });

  it.each([
    ["a file that is not at hand", undefined],
    ["a line that the file does not have", "one line"],
  ])("shows no line of %s", (_, source) => {
    expect(formatDiagnostic(diagnostic(), source, { color: false }).split("\n")).toHaveLength(1);
  });

  it("puts one caret where the mistake is behind the end of the line", () => {
    const lines = formatDiagnostic(diagnostic({ column: 9, endColumn: 9 }), "a\nabc", { color: false });
    expect(lines.split("\n").slice(2)).toEqual(["2 | abc", "  |    ^"]);
  });

  it("marks a mistake over several lines to the end of its first", () => {
    const lines = formatDiagnostic(diagnostic({ column: 1, endLine: 4, endColumn: 2 }), "a\nabc  \nd", {
      color: false,
    });
    expect(lines.split("\n").slice(2)).toEqual(["2 | abc", "  | ^^^"]);
  });

  it("reads CRLF and a byte order mark as no part of a line", () => {
    const first = diagnostic({ line: 1, endLine: 1, column: 1, endColumn: 2 });
    expect(formatDiagnostic(first, "\uFEFFab\r\nc", { color: false }).split("\n")[2]).toBe("1 | ab");
  });

  it("never prints what would steer the terminal", () => {
    const text = formatDiagnostic(diagnostic({ message: "bad \u001B[31m" }), "a\n\u001B[2Jabcdef", {
      color: false,
    });
    expect(text).not.toContain("\u001B");
  });

  it("shortens a very long line around the mistake", () => {
    const source = `a\n${"x".repeat(5000)}MARK${"y".repeat(5000)}`;
    const text = formatDiagnostic(diagnostic({ column: 5001, endColumn: 5005 }), source, { color: false });
    const [, , line = "", caret = ""] = text.split("\n");
    expect(line.length).toBeLessThan(200);
    expect(caret.indexOf("^")).toBe(line.indexOf("MARK"));
    expect(caret.trimEnd().endsWith(" ^^^^")).toBe(true);
  });

  it("colours only where colour is asked for", () => {
    expect(formatDiagnostic(diagnostic({ severity: "warning" }), "", { color: true })).toContain(
      "\u001B[33m",
    );
  });
});
