import { Lexer, type Token, TokenType } from "@actions/expressions/lexer";
import { ExpressionError, unexpectedSymbol } from "./expression-error.ts";
import { parseNumber } from "./parse-number.ts";

/** A token of the library, and where it stands in the source, counted from 0. */
export interface PlacedToken extends Token {
  readonly offset: number;
}

const MAX_LENGTH = 21_000;
/** Space to .NET, and so to GitHub, but not to the library; strings are matched first so that they stay as they are. */
const STRING_OR_SPACE = /'(?:[^']|'')*'|[\v\f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/g;

/**
 * The tokens of an expression, by the library's lexer, with what it does differently from GitHub's runner put right:
 * positions over several lines, every `''` of a string, numbers only JavaScript knows, other white space.
 */
export function tokenize(source: string): PlacedToken[] {
  if (source.length > MAX_LENGTH) {
    throw new ExpressionError(`Exceeded max expression length ${MAX_LENGTH}`);
  }
  let cursor = 0;
  return lex(source).map((token) => {
    const offset = source.indexOf(token.lexeme, cursor);
    cursor = offset + token.lexeme.length;
    const value = tokenValue(token);
    if (token.type === TokenType.NUMBER && token.lexeme !== "NaN" && Number.isNaN(value)) {
      throw unexpectedSymbol(source, offset, token.lexeme);
    }
    return { ...token, ...(value === undefined ? {} : { value }), offset };
  });
}

function tokenValue(token: Token): string | number | undefined {
  switch (token.type) {
    case TokenType.STRING:
      return token.lexeme.slice(1, -1).replaceAll("''", "'");
    case TokenType.NUMBER:
      return parseNumber(token.lexeme);
    default:
      return undefined;
  }
}

function lex(source: string): Token[] {
  const plain = source.replace(STRING_OR_SPACE, (match) => (match.startsWith("'") ? match : " "));
  try {
    return new Lexer(plain).lex().tokens;
  } catch (error) {
    // The library throws a plain Error whose text is GitHub's: "Unexpected symbol: 'x'. Located at position 3 …".
    const message = error instanceof Error ? error.message : String(error);
    const position = /Located at position (\d+)/.exec(message)?.[1];
    throw new ExpressionError(message, position === undefined ? {} : { column: Number(position) });
  }
}
