import { ExecError } from "../../errors.ts";
import type { Json, JsonObject } from "../../json.ts";
import { expandMatrix } from "../matrix/expand-matrix.ts";
import { expressionOf } from "../template/template-of-token.ts";
import type { TemplateExpression } from "../template/template-value.ts";
import { type ExpressionToken, type MappingToken, type Token, textEntries } from "../template/token.ts";
import type { StrategySpec } from "../workflow-spec.ts";
import { type Conversion, Fields } from "./conversion.ts";

export interface Strategy {
  readonly spec: StrategySpec;
  /** Keys of the `matrix` context in lower case; undefined where they are only known when the build runs. */
  readonly matrixKeys?: ReadonlySet<string>;
}

/** `strategy`; absent, the `matrix` context is known to be empty. */
export function convertStrategy(token: Token | undefined, conversion: Conversion): Strategy | undefined {
  if (!token) return { spec: {}, matrixKeys: new Set() };
  if (token.kind === "expression") return { spec: computedStrategy(token, conversion) };
  if (token.kind !== "mapping") return undefined;
  const computed = token.entries.find(({ key }) => key.kind !== "literal")?.key;
  if (computed) {
    conversion.diagnostics.error("not-supported", computed, "A key of 'strategy' cannot be an expression");
  }
  const fields = new Fields(token, conversion);
  checkMaxParallel(fields.get("max-parallel"), conversion);
  const matrix = fields.get("matrix");
  const keys = matrix ? matrixKeys(matrix, conversion) : new Set<string>();
  return {
    spec: {
      ...fields.template("matrix", "matrix"),
      ...fields.template("fail-fast", "failFast"),
      ...fields.template("max-parallel", "maxParallel"),
    },
    ...(keys ? { matrixKeys: keys } : {}),
  };
}

/** All of `strategy` is one expression: each of its keys is looked up in what that gives. */
function computedStrategy(token: ExpressionToken, { source }: Conversion): StrategySpec {
  const whole = expressionOf(token, source);
  const at = (text: string): TemplateExpression => ({ ...whole, source: text });
  return {
    matrix: at(`(${whole.source}).matrix`),
    failFast: at(`toJSON((${whole.source}).fail-fast) != 'false'`),
    maxParallel: at(`(${whole.source}).max-parallel || 0`),
  };
}

function checkMaxParallel(token: Token | undefined, { diagnostics }: Conversion): void {
  if (token?.kind !== "literal" || typeof token.value !== "number") return;
  if (!(token.value >= 0)) diagnostics.error("unexpected-value", token, "'max-parallel' cannot be negative");
}

/** The keys, where they can be told; checks a matrix without expressions as if it ran. */
function matrixKeys(token: Token, conversion: Conversion): ReadonlySet<string> | undefined {
  if (token.kind !== "mapping") return undefined;
  const { diagnostics } = conversion;
  const entries = textEntries(token);
  let broken = false;
  for (const { name, value } of entries) {
    if (name !== "include" && name !== "exclude" && value.kind === "sequence" && value.items.length === 0) {
      diagnostics.error("bad-matrix", value, `Matrix vector '${name}' does not contain any values`);
      broken = true;
    }
  }
  if (!broken && isSettled(token)) tryMatrix(token, conversion);
  if (entries.length < token.entries.length) return undefined;
  const include = entries.find(({ name }) => name === "include")?.value;
  const included = include?.kind === "sequence" ? include.items : [];
  if (include && include.kind !== "sequence") return undefined;
  if (
    included.some((item) => item.kind !== "mapping" || item.entries.some(({ key }) => key.kind !== "literal"))
  ) {
    return undefined;
  }
  const names = entries.map(({ name }) => name).filter((name) => name !== "include" && name !== "exclude");
  names.push(...included.flatMap((item) => textEntries(item).map(({ name }) => name)));
  return new Set(names.map((name) => name.toLowerCase()));
}

/** True where nothing in it waits for an expression, and nothing in it was refused. */
function isSettled(token: Token): boolean {
  if (token.kind === "literal") return !token.bad;
  if (token.kind === "sequence") return token.items.every(isSettled);
  if (token.kind === "mapping") {
    return token.entries.every(({ key, value }) => isSettled(key) && isSettled(value));
  }
  return false;
}

function tryMatrix(token: MappingToken, conversion: Conversion): void {
  try {
    expandMatrix(plainOf(token));
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    const named = /'([^']+)'/.exec(error.message)?.[1];
    conversion.diagnostics.error(
      "bad-matrix",
      namedKey(token, named) ?? token.entries[0]?.key ?? token,
      error.message,
    );
  }
}

function namedKey(token: Token, name: string | undefined): Token | undefined {
  if (token.kind === "sequence") return token.items.map((item) => namedKey(item, name)).find(Boolean);
  if (token.kind !== "mapping") return undefined;
  const exclude = textEntries(token).find((entry) => entry.name === "exclude");
  const inside = exclude && namedKey(exclude.value, name);
  return inside ?? textEntries(token).find((entry) => entry.name === name)?.key;
}

function plainOf(token: Token): Json {
  switch (token.kind) {
    case "literal":
      return token.value;
    case "sequence":
      return token.items.map(plainOf);
    case "mapping":
      return Object.fromEntries(
        textEntries(token).map(({ name, value }) => [name, plainOf(value)]),
      ) satisfies JsonObject;
    case "expression":
    case "insert":
      return null;
  }
}
