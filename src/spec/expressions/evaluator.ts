import {
  type Binary,
  ContextAccess,
  type Expr,
  type ExprVisitor,
  type FunctionCall,
  type Grouping,
  type IndexAccess,
  type Literal,
  type Logical,
  Star,
  type Unary,
} from "@actions/expressions/ast";
import { TokenType } from "@actions/expressions/lexer";
import type { Json } from "../../json.ts";
import { isTruthy } from "./coerce.ts";
import { isEqual, isGreater, isLess } from "./compare.ts";
import { ExpressionError } from "./expression-error.ts";
import { allValues, indexValue } from "./index-value.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import type { ScopeFunction } from "./scope-functions.ts";

/** How the evaluator finds what names stand for; both are asked only for names that were checked before. */
export interface Names {
  context(name: string): Json;
  call(name: string): ScopeFunction;
}

/**
 * Walks the library's tree over plain JSON. The library's own evaluator would want every context converted first,
 * and differs from GitHub's runner: numbers in another format, `case` and `format` evaluating everything, keys such
 * as `constructor` lost, `ß` equal to `SS`.
 */
export class Evaluator implements ExprVisitor<Json> {
  readonly #names: Names;
  readonly #budget: MemoryBudget;

  constructor(names: Names, budget: MemoryBudget) {
    this.#names = names;
    this.#budget = budget;
  }

  evaluate(node: Expr): Json {
    return node.accept<Json>(this);
  }

  visitLiteral({ literal }: Literal): Json {
    return "value" in literal ? (literal.value as Json) : null;
  }

  visitUnary({ expr }: Unary): Json {
    return !isTruthy(this.evaluate(expr));
  }

  visitBinary({ left, operator, right }: Binary): Json {
    const a = this.evaluate(left);
    const b = this.evaluate(right);
    switch (operator.type) {
      case TokenType.EQUAL_EQUAL:
        return isEqual(a, b);
      case TokenType.BANG_EQUAL:
        return !isEqual(a, b);
      case TokenType.GREATER:
        return isGreater(a, b);
      case TokenType.GREATER_EQUAL:
        return isEqual(a, b) || isGreater(a, b);
      case TokenType.LESS:
        return isLess(a, b);
      case TokenType.LESS_EQUAL:
        return isEqual(a, b) || isLess(a, b);
      default:
        throw new ExpressionError(`Unexpected symbol: '${operator.lexeme}'`);
    }
  }

  visitLogical({ operator, args }: Logical): Json {
    const stopsAt = operator.type === TokenType.OR;
    let result: Json = null;
    for (const arg of args) {
      result = this.evaluate(arg);
      if (isTruthy(result) === stopsAt) break;
    }
    return result;
  }

  visitGrouping({ group }: Grouping): Json {
    return this.evaluate(group);
  }

  visitContextAccess({ name }: ContextAccess): Json {
    return this.#names.context(name.lexeme);
  }

  visitIndexAccess({ expr, index }: IndexAccess): Json {
    const value = this.evaluate(expr);
    if (index instanceof Star) return allValues(value);
    // Names of environment variables differ by case on every system but Windows, and so does `env` on GitHub.
    const exact = expr instanceof ContextAccess && expr.name.lexeme.toLowerCase() === "env";
    return indexValue(value, this.evaluate(index), exact);
  }

  visitFunctionCall({ functionName, args }: FunctionCall): Json {
    const before = this.#budget.used;
    const result = this.#names.call(functionName.lexeme)(
      {
        count: args.length,
        at: (index) => {
          const arg = args[index];
          return arg ? this.evaluate(arg) : null;
        },
      },
      this.#budget,
    );
    this.#budget.releaseTo(before);
    if (typeof result === "string") this.#budget.take(result);
    return result;
  }
}
