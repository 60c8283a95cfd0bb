import {
  Binary,
  type Expr,
  FunctionCall,
  Grouping,
  IndexAccess,
  Logical,
  Unary,
} from "@actions/expressions/ast";
import { ExpressionError as LibraryError } from "@actions/expressions/errors";
import { TokenType } from "@actions/expressions/lexer";
import { Parser } from "@actions/expressions/parser";
import { ExpressionError, errorAt, unexpectedSymbol } from "./expression-error.ts";
import { type PlacedToken, tokenize } from "./tokenize.ts";

export interface NameUse {
  readonly name: string;
  /** In the source, counted from 0. */
  readonly offset: number;
  readonly token: PlacedToken;
}

export interface ParsedExpression {
  readonly source: string;
  /** Absent for an expression without a token, which is null, and where there is a `failure`. */
  readonly root?: Expr;
  /** Every use of a context and of a function, in the order of the source. Not checked against anything. */
  readonly contexts: readonly NameUse[];
  readonly functions: readonly NameUse[];
  readonly failure?: ParseFailure;
}

/** What is wrong with the syntax, or with the number of arguments of a call. */
interface ParseFailure {
  readonly error: ExpressionError;
  /** Where a reader from left to right would notice, counted from 0; names before it are judged first. */
  readonly noticedAt: number;
  readonly kind: "syntax" | "arguments";
}

const MAX_DEPTH = 50;
const MAX_ARGUMENTS = 255;
const ARGUMENT_ERROR = /^(Too (few|many)|Even number of) parameters supplied/;
/** The functions that not every place has. Of any other the number of arguments is not known. */
const ARGUMENT_COUNTS: ReadonlyMap<string, readonly [min: number, max: number]> = new Map([
  ["always", [0, 0]],
  ["cancelled", [0, 0]],
  ["success", [0, MAX_ARGUMENTS]],
  ["failure", [0, MAX_ARGUMENTS]],
  ["hashfiles", [1, MAX_ARGUMENTS]],
]);
const CACHE_LIMIT = 5_000;
const cache = new Map<string, ParsedExpression>();

/** Parses by the library's grammar, whatever the names in it; never throws. What it parsed, it remembers. */
export function parseExpression(source: string): ParsedExpression {
  const known = cache.get(source);
  if (known) return known;
  const parsed = parse(source);
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(source, parsed);
  return parsed;
}

function parse(source: string): ParsedExpression {
  let names: { contexts: NameUse[]; functions: NameUse[] } = { contexts: [], functions: [] };
  let tokens: PlacedToken[] = [];
  try {
    tokens = tokenize(source);
    names = namesIn(tokens);
    const root = parseTokens(source, tokens, names);
    if (root) checkDepth(root, 1);
    return { source, ...names, ...(root ? { root } : {}) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { source, ...names, failure: failureOf(error, tokens) };
  }
}

function failureOf(error: ExpressionError, tokens: readonly PlacedToken[]): ParseFailure {
  if (error.column === undefined) return { error, noticedAt: Number.POSITIVE_INFINITY, kind: "syntax" };
  const offset = error.column - 1;
  if (!ARGUMENT_ERROR.test(error.message)) return { error, noticedAt: offset, kind: "syntax" };
  return { error, noticedAt: endOfCall(tokens, offset), kind: "arguments" };
}

/** The offset of the `)` of the call whose name stands at `offset`. */
function endOfCall(tokens: readonly PlacedToken[], offset: number): number {
  let open = 0;
  for (const token of tokens.slice(tokens.findIndex((candidate) => candidate.offset === offset))) {
    if (token.type === TokenType.LEFT_PAREN) open += 1;
    if (token.type === TokenType.RIGHT_PAREN && --open === 0) return token.offset;
  }
  return offset;
}

/** Which identifiers are contexts and which are functions can be told from the tokens around them. */
function namesIn(tokens: readonly PlacedToken[]): { contexts: NameUse[]; functions: NameUse[] } {
  const contexts: NameUse[] = [];
  const functions: NameUse[] = [];
  tokens.forEach((token, index) => {
    if (token.type !== TokenType.IDENTIFIER || tokens[index - 1]?.type === TokenType.DOT) return;
    const uses = tokens[index + 1]?.type === TokenType.LEFT_PAREN ? functions : contexts;
    uses.push({ name: token.lexeme, offset: token.offset, token });
  });
  return { contexts, functions };
}

function parseTokens(
  source: string,
  tokens: PlacedToken[],
  names: { contexts: readonly NameUse[]; functions: readonly NameUse[] },
): Expr | undefined {
  rejectTrailingCommas(source, tokens);
  const functions = names.functions.map(({ name }) => {
    const [minArgs, maxArgs] = ARGUMENT_COUNTS.get(name.toLowerCase()) ?? [0, Number.POSITIVE_INFINITY];
    return { name, minArgs, maxArgs };
  });
  const contexts = names.contexts.map(({ name }) => name);
  try {
    return new Parser(tokens, contexts, functions).parse();
  } catch (error) {
    if (!(error instanceof LibraryError)) throw error;
    if (error.message.startsWith("Exceeded max expression depth")) throw depthError();
    const index = tokens.findIndex(({ range }) => range.start === error.pos);
    const last = tokens[index - 1];
    if (tokens[index]?.type === TokenType.EOF && last) {
      throw errorAt(`Unexpected end of expression: '${last.lexeme}'`, source, last.offset);
    }
    throw errorAt(error.message, source, tokens[index]?.offset ?? 0);
  }
}

/** The library takes `f(a,)`; GitHub does not. */
function rejectTrailingCommas(source: string, tokens: readonly PlacedToken[]): void {
  tokens.forEach((token, index) => {
    if (token.type !== TokenType.RIGHT_PAREN || tokens[index - 1]?.type !== TokenType.COMMA) return;
    throw unexpectedSymbol(source, token.offset, ")");
  });
}

/** Gives up before the stack does, however deep the tree is: the library lets chains like `1==1==1…` grow freely. */
function checkDepth(node: Expr, depth: number): void {
  if (depth > MAX_DEPTH) throw depthError();
  for (const child of childrenOf(node)) checkDepth(child, depth + (node instanceof Grouping ? 0 : 1));
}

function depthError(): ExpressionError {
  return new ExpressionError(`Exceeded max expression depth ${MAX_DEPTH}`);
}

export function childrenOf(node: Expr): readonly Expr[] {
  if (node instanceof Unary) return [node.expr];
  if (node instanceof Binary) return [node.left, node.right];
  if (node instanceof Logical) return node.args;
  if (node instanceof FunctionCall) return node.args;
  if (node instanceof Grouping) return [node.group];
  if (node instanceof IndexAccess) return [node.expr, node.index];
  return [];
}
