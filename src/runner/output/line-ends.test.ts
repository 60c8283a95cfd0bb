import { expect, test } from "vitest";
import { lastLineEnd, lineEnd, lineStart, lineText } from "./line-ends.ts";

test.each<[string, number, number]>([
  ["a\nb\n", 0, 2],
  ["a\nb\n", 2, 4],
  ["a\r\nb", 0, 3],
  ["a\rb\n", 0, 2],
  ["\n", 0, 1],
  ["\r\n\n", 0, 2],
  ["\n\r", 0, 1],
  // No end, or a CR that may yet be followed by an LF.
  ["ab", 0, -1],
  ["ab\r", 0, -1],
  ["a\nb", 2, -1],
  ["", 0, -1],
])("the line of %j at %i ends before %i", (text, from, end) => {
  expect(lineEnd(Buffer.from(text), from)).toBe(end);
});

test.each<[string, number]>([
  ["a\nb\nc", 4],
  ["a\nb\rc", 4],
  ["a\nb\r", 2],
  ["a\r\n", 3],
  ["abc", 0],
  ["", 0],
])("the last line of %j that has an end ends before %i", (text, end) => {
  expect(lastLineEnd(Buffer.from(text))).toBe(end);
});

test.each<[string, number, number, number]>([
  ["a\nbc", 3, 0, 2],
  ["a\rbc", 3, 0, 2],
  ["abc", 2, 0, 0],
  ["abc", 2, 1, 1],
])("the line of %j at %i begins (not before %i) at %i", (text, from, notBefore, start) => {
  expect(lineStart(Buffer.from(text), from, notBefore)).toBe(start);
});

test.each([
  ["a\n", "a"],
  ["a\r\n", "a"],
  ["a\r", "a"],
  ["a", "a"],
  ["\n", ""],
  ["a\r\r\n", "a\r"],
])("%j is the line %j", (bytes, text) => {
  expect(lineText(Buffer.from(bytes))).toBe(text);
});
