// Runs the expression cases of github.com/actions/languageservices against this project's evaluator.
// Usage: node scripts/conformance/expression-cases.ts <checkout of actions/languageservices>
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../../src/json.ts";
import { ExpressionError, evaluateExpression } from "../../src/spec/expressions/evaluate.ts";

interface Case {
  readonly expr: string;
  readonly contexts?: { readonly [name: string]: Json };
  readonly result?: { readonly kind: string; readonly value: Json };
  readonly err?: { readonly value: string };
}

/** The suite's memory case assumes the limit of an unconfigured evaluator; GitHub's runner, and we, allow 10 MiB. */
const SUITE_MEMORY_BYTES = 1024 * 1024;

/** Cases we answer differently on purpose: `file: expression`, and why. */
const STATED: ReadonlyMap<string, string> = new Map();

const checkout = process.argv[2];
if (!checkout) {
  process.stderr.write("usage: expression-cases.ts <checkout of actions/languageservices>\n");
  process.exit(2);
}

const folder = join(checkout, "expressions", "testdata");
let passed = 0;
let stated = 0;
let failed = 0;
for (const file of readdirSync(folder).sort()) {
  const groups: Record<string, Case[]> = JSON.parse(readFileSync(join(folder, file), "utf8"));
  for (const one of Object.values(groups).flat()) {
    const difference = differenceOf(one);
    if (difference === undefined) {
      passed += 1;
      continue;
    }
    const name = `${file}: ${one.expr}`;
    const reason = STATED.get(name);
    if (reason === undefined) failed += 1;
    else stated += 1;
    process.stdout.write(
      `${reason === undefined ? "FAILED" : "differs"} ${name}\n  ${reason ?? difference}\n`,
    );
  }
}
process.stdout.write(`${passed} passed, ${stated + failed} differ (${stated} for a stated reason)\n`);
process.exit(failed === 0 ? 0 : 1);

function differenceOf({ expr, contexts = {}, result, err }: Case): string | undefined {
  try {
    const value = evaluateExpression(expr, { contexts }, { memoryBytes: SUITE_MEMORY_BYTES });
    if (!result) return `expected the error ${err?.value}, got ${JSON.stringify(value)}`;
    const same = kindOf(value) === result.kind && JSON.stringify(value) === JSON.stringify(result.value);
    return same
      ? undefined
      : `expected ${JSON.stringify(result)}, got ${kindOf(value)} ${JSON.stringify(value)}`;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    if (err && error.message.includes(err.value)) return undefined;
    return `expected ${err ? err.value : JSON.stringify(result)}, got the error ${error.message}`;
  }
}

function kindOf(value: Json): string {
  if (value === null) return "Null";
  if (Array.isArray(value)) return "Array";
  const name = typeof value;
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
