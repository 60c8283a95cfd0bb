import { expect, test } from "vitest";
import type { TemplateValue } from "../../spec/template/template-value.ts";
import { templateText } from "./template-text.ts";

const at = { line: 1, column: 1 };
const cases: readonly (readonly [TemplateValue, string])[] = [
  ["plain", "plain"],
  [null, ""],
  [3, "3"],
  [{ kind: "expression", source: "github.sha", at }, "${{ github.sha }}"],
  [
    { kind: "expression", source: "format('a {0} b', steps.x.outputs.y)", at },
    "a ${{ steps.x.outputs.y }} b",
  ],
  [{ kind: "expression", source: "format('{0}{1}', a, b)", at }, "${{ a }}${{ b }}"],
  [
    { kind: "expression", source: "format('it''s {{}} {0}', f('x, y', a[b]))", at },
    "it's {} ${{ f('x, y', a[b]) }}",
  ],
  [{ kind: "expression", source: "format(github.x, 1)", at }, "${{ format(github.x, 1) }}"],
  [{ kind: "expression", source: "format('alone')", at }, "${{ format('alone') }}"],
];

test.each(cases)("%j is written %s", (value, text) => {
  expect(templateText(value)).toBe(text);
});
