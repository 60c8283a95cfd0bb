import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OutputStream } from "../io.ts";
import { memoryOutput } from "../memory-io.fixture.ts";
import { Painter } from "./painter.ts";
import { TestTerminal } from "./terminal.fixture.ts";

function setUp(columns = 20, rows = 8) {
  const terminal = new TestTerminal(columns, rows);
  let written = "";
  const output: OutputStream = {
    ...memoryOutput({ columns, rows }),
    columns,
    rows,
    write(chunk) {
      written += String(chunk);
      terminal.write(String(chunk));
    },
  };
  return { terminal, painter: new Painter(output), written: () => written };
}

/** Empty lines at the end cannot be told from none. */
function withoutEnd(lines: readonly string[]): readonly string[] {
  return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1);
}

describe("Painter", () => {
  it("changes only the lines that differ", () => {
    const { terminal, painter, written } = setUp();
    painter.paint(["one", "two", "three"]);
    const before = written().length;
    painter.paint(["one", "TWO", "three"]);
    expect(written().slice(before)).toContain("TWO");
    expect(written().slice(before)).not.toContain("three");
    expect(terminal.lines).toEqual(["one", "TWO", "three"]);
  });

  it("writes nothing where nothing changed", () => {
    const { painter, written } = setUp();
    painter.paint(["one", "two"]);
    const before = written();
    painter.paint(["one", "two"]);
    expect(written()).toBe(before);
  });

  it("brackets each change as one, for terminals that can show it at once", () => {
    const { painter, written } = setUp();
    painter.paint(["one"]);
    expect(written()).toMatch(/^\x1b\[\?2026h.*\x1b\[\?2026l$/s);
  });

  it("prints text above the block, where it stays", () => {
    const { terminal, painter } = setUp();
    painter.paint(["live"]);
    painter.paint(["live"], "printed\r\n");
    painter.paint(["live again"]);
    expect(terminal.lines).toEqual(["printed", "live again"]);
  });

  it("gives back the cursor and leaves no line behind", () => {
    const { terminal, painter } = setUp();
    terminal.write("before\r\n");
    painter.paint(["one", "two", "three"]);
    expect(terminal.cursorShown).toBe(false);
    painter.clear();
    expect(terminal.lines).toEqual(["before", ""]);
    expect(terminal.cursorShown).toBe(true);
    expect(terminal.cursor).toEqual([1, 0]);
  });

  it("shows the last frame, whatever the frames before it were, and scrolls nothing of them away", () => {
    const line = fc
      .string({ unit: fc.constantFrom("a", "b", "~", " "), maxLength: 12 })
      .map((text) => text.trimEnd());
    const frames = fc.array(fc.array(line, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(frames, (sequence) => {
        const { terminal, painter } = setUp();
        for (const frame of sequence) {
          painter.paint(frame);
          expect(withoutEnd(terminal.lines)).toEqual(withoutEnd(frame));
        }
        expect(terminal.scrolledOut).toEqual([]);
      }),
    );
  });

  it("takes away what a narrower terminal has wrapped", () => {
    const size = { columns: 20, rows: 8 };
    const chunks: string[] = [];
    const output: OutputStream = {
      ...memoryOutput(size),
      get columns() {
        return size.columns;
      },
      write: (chunk) => {
        chunks.push(String(chunk));
      },
    };
    const painter = new Painter(output);
    painter.paint(["x".repeat(18), "y".repeat(18)]);
    size.columns = 10;
    painter.paint(["short"]);
    // Two lines of 18 are four rows of 10: three up from the last.
    expect(chunks.at(-1)).toContain("\x1b[3A");
    expect(chunks.at(-1)).toContain("\x1b[J");
  });
});
