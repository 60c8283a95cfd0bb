import type { Answer } from "./answer.ts";
import type { ApiRoute } from "./route.ts";

/** Throws for an answer that its route did not declare: the documentation would be wrong. For tests. */
export function checkAnswer(route: ApiRoute, answer: Answer): void {
  const fail = (what: string) => {
    throw new Error(`${route.id} answered ${answer.status} ${what}`);
  };
  const spec = route.responses[answer.status];
  if (spec === undefined) {
    if (answer.status !== 304) fail("which it does not declare");
    return;
  }
  const given =
    answer.json !== undefined ? "json" : answer.text !== undefined || answer.stream ? "text" : "empty";
  const declared = spec.schema !== undefined ? "json" : spec.contentType !== undefined ? "text" : "empty";
  if (given !== declared) fail(`with a body that is ${given}, not ${declared}`);
  const type = answer.headers?.["content-type"] ?? "";
  if (spec.contentType !== undefined && ![spec.contentType].flat().some((each) => type.startsWith(each))) {
    fail(`as ${type}, not ${spec.contentType}`);
  }
  if (spec.schema === undefined) return;
  // As a client gets it; strict, so that nothing undeclared slips out.
  const sent: unknown = JSON.parse(JSON.stringify(answer.json));
  const parsed = spec.schema.safeParse(sent);
  if (!parsed.success) fail(`which is not as declared: ${parsed.error.message}`);
  if (JSON.stringify(sorted(parsed.data)) !== JSON.stringify(sorted(sent)))
    fail("with fields it does not declare");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}
