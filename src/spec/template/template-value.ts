/**
 * A value of a pipeline file that may hold `${{ }}` expressions, as plain JSON, so that a spec can be stored,
 * sent to a runner and evaluated there.
 *
 * A string with expressions inside it ("a ${{ b }}") is one expression, `format('a {0}', b)`, as in GitHub's own
 * template reader. Literal scalars stand for themselves.
 */
export type TemplateValue =
  | null
  | boolean
  | number
  | string
  | TemplateExpression
  | TemplateSequence
  | TemplateMapping;

/** Where something stands in a file; lines and columns count from 1. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

export interface TemplateExpression {
  readonly kind: "expression";
  /** The expression without its `${{` and `}}`. */
  readonly source: string;
  readonly at: SourcePosition;
}

export interface TemplateSequence {
  readonly kind: "sequence";
  readonly items: readonly TemplateValue[];
}

export interface TemplateMapping {
  readonly kind: "mapping";
  readonly entries: readonly TemplateEntry[];
}

export interface TemplateEntry {
  /** `insert` is `${{ insert }}`: the value evaluates to a mapping whose entries are merged in at this place. */
  readonly key: string | TemplateExpression | { readonly kind: "insert" };
  readonly value: TemplateValue;
}
