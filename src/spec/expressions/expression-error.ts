/** An expression that cannot be parsed, or cannot be evaluated. Its message is for the person who wrote it. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  /** Where in the expression, counted from 1; absent where it fails as a whole. */
  readonly column: number | undefined;

  constructor(message: string, options: { readonly column?: number; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.column = options.column;
  }
}

/** In GitHub's words. `offset` counts from 0. */
export function errorAt(what: string, source: string, offset: number): ExpressionError {
  const column = offset + 1;
  return new ExpressionError(`${what}. Located at position ${column} within expression: ${source}`, {
    column,
  });
}

export function unexpectedSymbol(source: string, offset: number, symbol: string): ExpressionError {
  return errorAt(`Unexpected symbol: '${symbol}'`, source, offset);
}
