import { expect, test } from "vitest";
import { annotationPosition } from "./annotation-position.ts";

test.each<[Record<string, string>, Record<string, number>, number]>([
  [{}, {}, 0],
  [{ line: "1" }, { line: 1 }, 0],
  [{ line: "1", col: "2" }, { line: 1, column: 2 }, 0],
  [
    { line: "1", endline: "1", col: "1", endcolumn: "2" },
    { line: 1, endLine: 1, column: 1, endColumn: 2 },
    0,
  ],
  [{ line: "1", endline: "2" }, { line: 1, endLine: 2 }, 0],
  // Columns make no sense over several lines, or without a line.
  [{ line: "1", endline: "2", col: "1", endcolumn: "2" }, { line: 1, endLine: 2 }, 1],
  [{ col: "1", endcolumn: "2" }, {}, 1],
  // An end without a beginning is both.
  [{ endline: "3" }, { line: 3, endLine: 3 }, 1],
  [{ line: "", endline: "3" }, { line: 3, endLine: 3 }, 1],
  [{ line: "1", endcolumn: "2" }, { line: 1, column: 2, endColumn: 2 }, 1],
  // An end before the beginning.
  [{ line: "4", endline: "3" }, {}, 1],
  [{ line: "1", endline: "1", col: "3", endcolumn: "2" }, { line: 1, endLine: 1 }, 1],
  // What is no number is not there.
  [{ line: "one", col: "2" }, {}, 1],
  [{ line: "1.5" }, {}, 0],
  [{ line: "12345678901234567890" }, {}, 0],
])("%j is %j", (properties, position, complaints) => {
  const heard: string[] = [];
  const map = new Map(Object.entries(properties));
  expect(annotationPosition("warning", map, (problem) => heard.push(problem))).toEqual(position);
  expect(heard).toHaveLength(complaints);
  for (const problem of heard) expect(problem).toMatch(/^Invalid warning command value\. /);
});
