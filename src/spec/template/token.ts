/** A YAML file after its schema was applied: values with their places, expressions found, mistakes reported. */
import type { TextRange } from "../source-text.ts";
import type { AllowedContext } from "./allowed-context.ts";

export type Token = LiteralToken | ExpressionToken | InsertToken | SequenceToken | MappingToken;

export interface LiteralToken extends TextRange {
  readonly kind: "literal";
  readonly value: null | boolean | number | string;
  readonly context: AllowedContext;
  /** Something is wrong with it and was reported: nobody else should. */
  readonly bad: boolean;
  /** Where each character of `value` stands in the file. */
  readonly offsetOf: (index: number) => number;
}

/** A value with `${{ }}` in it. */
export interface ExpressionToken extends TextRange {
  readonly kind: "expression";
  /** Of the whole value: where there is text around `${{ }}`, a call of `format`. */
  readonly source: string;
  readonly parts: readonly ExpressionPart[];
  readonly context: AllowedContext;
  /** True where the whole value is one `${{ }}`. */
  readonly whole: boolean;
}

export interface ExpressionPart extends TextRange {
  /** Without `${{`, `}}` and the space around. */
  readonly source: string;
  /** Where a character of `source` stands in the file. */
  readonly offsetOf: (index: number) => number;
}

/** `${{ insert }}`, a key. */
export interface InsertToken extends TextRange {
  readonly kind: "insert";
}

interface SequenceToken extends TextRange {
  readonly kind: "sequence";
  readonly items: readonly Token[];
}

export interface MappingToken extends TextRange {
  readonly kind: "mapping";
  readonly entries: readonly TokenEntry[];
}

export interface TokenEntry {
  readonly key: LiteralToken | ExpressionToken | InsertToken;
  readonly value: Token;
}

/** The entries of a mapping whose key is plain text. */
export function textEntries(token: Token | undefined): { name: string; key: LiteralToken; value: Token }[] {
  if (token?.kind !== "mapping") return [];
  return token.entries.flatMap(({ key, value }) =>
    key.kind === "literal" ? [{ name: String(key.value), key, value }] : [],
  );
}

/** A literal's text; undefined for everything else, and where a mistake was reported. */
export function textOf(token: Token | undefined): string | undefined {
  return token?.kind === "literal" && typeof token.value === "string" && !token.bad ? token.value : undefined;
}

/** One text or a sequence of them, with their places. */
export function textsOf(token: Token | undefined): (LiteralToken & { readonly value: string })[] {
  const tokens = token?.kind === "sequence" ? token.items : token ? [token] : [];
  return tokens.filter(
    (item): item is LiteralToken & { readonly value: string } => textOf(item) !== undefined,
  );
}

/** Every expression inside, keys included, in the order of the file. */
export function* expressionsIn(token: Token): Generator<ExpressionToken> {
  switch (token.kind) {
    case "expression":
      yield token;
      break;
    case "sequence":
      for (const item of token.items) yield* expressionsIn(item);
      break;
    case "mapping":
      for (const { key, value } of token.entries) {
        yield* expressionsIn(key);
        yield* expressionsIn(value);
      }
      break;
    case "literal":
    case "insert":
      break;
  }
}
