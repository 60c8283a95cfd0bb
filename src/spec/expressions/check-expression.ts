/** What an expression may use at the place where it stands. */
export interface ExpressionRules {
  /** Names of contexts. */
  readonly contexts: readonly string[];
  /** Functions besides the built-in ones (`contains`, `format`, …), such as `always` and `hashFiles`. */
  readonly functions: readonly { readonly name: string; readonly min: number; readonly max: number }[];
}

export interface ExpressionProblem {
  /** From the start of the expression's source, counted from 0, in UTF-16 units. */
  readonly offset: number;
  readonly length: number;
  readonly message: string;
  readonly hint?: string;
}

/** Everything that is wrong with an expression, without evaluating it. */
export function checkExpression(_source: string, _rules: ExpressionRules): ExpressionProblem[] {
  return [];
}
