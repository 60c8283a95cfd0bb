import { suggest } from "../suggest.ts";
import { convertCondition } from "../template/condition.ts";
import { templateOf } from "../template/template-of-token.ts";
import { type Token, textOf } from "../template/token.ts";
import { type Conversion, Fields } from "../workflow/conversion.ts";
import { convertSteps, type StepFacts } from "../workflow/convert-steps.ts";
import type { ActionRunsSpec } from "./action-spec.ts";

const NODE = ["node12", "node16", "node20", "node24"] as const;
const USING = ["composite", "docker", ...NODE];

export interface Runs {
  /** Undefined where it is too broken to be run, which was reported. */
  readonly spec?: ActionRunsSpec;
  /** Of a composite action. */
  readonly steps: readonly StepFacts[];
}

export function convertRuns(token: Token, conversion: Conversion): Runs {
  const fields = new Fields(token, conversion);
  const using = fields.get("using");
  const written = textOf(using);
  if (!using || written === undefined) return { steps: [] };
  const kind = written.toLowerCase();
  const node = NODE.find((name) => name === kind);
  if (node)
    return {
      ...withKey("main", fields, written, conversion, () => nodeRuns(node, fields, conversion)),
      steps: [],
    };
  if (kind === "docker") {
    return {
      ...withKey("image", fields, written, conversion, () => dockerRuns(fields, conversion)),
      steps: [],
    };
  }
  if (kind === "composite") {
    const { specs, facts } = convertSteps(fields.get("steps"), conversion);
    const spec = withKey("steps", fields, written, conversion, () => ({ using: "composite", steps: specs }));
    return { ...spec, steps: facts };
  }
  // Between versions of Node no guess is a good one.
  const meant = kind.startsWith("node") ? undefined : suggest(kind, USING);
  const hint = meant === undefined ? `Expected one of: ${USING.join(", ")}` : `Did you mean '${meant}'?`;
  conversion.diagnostics.error("unexpected-value", using, `'using: ${written}' is not supported`, hint);
  return { steps: [] };
}

/** The key that `using` demands may be missing although the keys that are there made another kind of action. */
function withKey(
  key: string,
  fields: Fields,
  using: string,
  { diagnostics }: Conversion,
  make: () => ActionRunsSpec,
): { spec?: ActionRunsSpec } {
  if (fields.has(key)) return { spec: make() };
  const at = fields.get("using");
  if (at) diagnostics.error("missing-key", at, `An action with 'using: ${using}' needs '${key}'`);
  return {};
}

function nodeRuns(using: (typeof NODE)[number], fields: Fields, conversion: Conversion): ActionRunsSpec {
  return {
    using,
    main: textOf(fields.get("main")) ?? "",
    ...fields.text("pre", "pre"),
    ...condition("pre-if", "preIf", fields, conversion),
    ...fields.text("post", "post"),
    ...condition("post-if", "postIf", fields, conversion),
  };
}

function dockerRuns(fields: Fields, conversion: Conversion): ActionRunsSpec {
  const args = fields.get("args");
  return {
    using: "docker",
    image: textOf(fields.get("image")) ?? "",
    ...fields.text("entrypoint", "entrypoint"),
    ...fields.text("pre-entrypoint", "preEntrypoint"),
    ...condition("pre-if", "preIf", fields, conversion),
    ...fields.text("post-entrypoint", "postEntrypoint"),
    ...condition("post-if", "postIf", fields, conversion),
    ...(args?.kind === "sequence"
      ? { args: args.items.map((item) => templateOf(item, conversion.source)) }
      : {}),
    ...fields.mapping("env", "env"),
  };
}

/** Unlike an `if`, these imply no `success()`: absent they are `always()`. */
function condition<P extends "preIf" | "postIf">(
  name: string,
  property: P,
  fields: Fields,
  conversion: Conversion,
) {
  const found = convertCondition(fields.get(name), { ...conversion, impliesSuccess: false });
  return (found ? { [property]: found.spec } : {}) as { [K in P]?: NonNullable<typeof found>["spec"] };
}
