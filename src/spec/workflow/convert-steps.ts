import { convertCondition } from "../template/condition.ts";
import { expressionOf } from "../template/template-of-token.ts";
import type { TemplateMapping } from "../template/template-value.ts";
import {
  type ExpressionPart,
  expressionsIn,
  type LiteralToken,
  type Token,
  textOf,
  textsOf,
} from "../template/token.ts";
import type { StepSpec } from "../workflow-spec.ts";
import { checkMinutes } from "./check-minutes.ts";
import { checkActionReference } from "./check-uses.ts";
import { type Conversion, Fields } from "./conversion.ts";
import { checkIdentifier } from "./identifiers.ts";

/** A step as the checks of references see it. */
export interface StepFacts {
  /** In lower case, with the one as written. */
  readonly id?: { readonly key: string; readonly written: string };
  readonly background: boolean;
  readonly parts: readonly ExpressionPart[];
  /** How many steps can have ended before this one starts: those before it, or before its `parallel` group. */
  readonly after: number;
}

export interface Steps {
  readonly specs: readonly StepSpec[];
  /** Those inside `parallel` too, in the order of the file. */
  readonly facts: readonly StepFacts[];
}

/** The `steps` of a job, or of a composite action. Undefined parts of a broken step were reported and are left out. */
export function convertSteps(token: Token | undefined, conversion: Conversion): Steps {
  const converter = new StepConverter(conversion);
  const items = token?.kind === "sequence" ? token.items : [];
  const specs = items.flatMap((item) => converter.step(item, false) ?? []);
  return { specs, facts: converter.facts };
}

class StepConverter {
  readonly facts: StepFacts[] = [];
  readonly #conversion: Conversion;
  readonly #ids = new Map<string, { readonly background: boolean }>();
  #group: number | undefined;

  constructor(conversion: Conversion) {
    this.#conversion = conversion;
  }

  step(token: Token, inParallel: boolean): StepSpec | undefined {
    if (token.kind !== "mapping") return undefined;
    const fields = new Fields(token, this.#conversion);
    const background = fields.boolean("background") ?? false;
    if (inParallel) this.#refuseInParallel(fields);
    const parallel = fields.get("parallel");
    if (parallel && !inParallel) return this.#parallel(token, parallel);
    const own = fields.get("id");
    const targets = [...textsOf(fields.get("wait")), ...textsOf(fields.get("cancel"))];
    for (const target of targets) this.#checkTarget(target, textOf(own));
    const id = this.#id(own, background);
    const condition = convertCondition(fields.get("if"), { ...this.#conversion, impliesSuccess: true });
    this.facts.push({
      ...(id === undefined ? {} : { id: { key: id.toLowerCase(), written: id } }),
      background,
      parts: [
        ...[...expressionsIn(token)].flatMap(({ parts }) => parts),
        ...(fields.get("if")?.kind === "literal" ? (condition?.parts ?? []) : []),
      ],
      after: this.#group ?? this.facts.length,
    });
    const base = {
      ...(id === undefined ? {} : { id }),
      ...fields.template("name", "name"),
      ...fields.template("continue-on-error", "continueOnError"),
      at: this.#conversion.source.position(token.start),
    };
    return this.#kind(fields, base, { background, ...(condition ? { if: condition.spec } : {}) });
  }

  #kind(
    fields: Fields,
    base: Pick<StepSpec, "id" | "name" | "continueOnError" | "at">,
    rest: { background: boolean },
  ): StepSpec | undefined {
    checkMinutes(fields.get("timeout-minutes"), this.#conversion);
    const execution = {
      ...base,
      ...rest,
      ...fields.template("env", "env"),
      ...fields.template("timeout-minutes", "timeoutMinutes"),
    };
    const uses = fields.get("uses");
    if (fields.has("run")) {
      return {
        kind: "run",
        ...execution,
        run: "",
        ...fields.template("run", "run"),
        ...fields.template("shell", "shell"),
        ...fields.template("working-directory", "workingDirectory"),
      };
    }
    if (uses?.kind === "literal") {
      const reference = textOf(uses);
      if (reference === undefined) return undefined;
      checkActionReference(uses, reference, this.#conversion);
      return { kind: "uses", ...execution, uses: reference, ...this.#inputs(fields) };
    }
    if (fields.has("wait")) {
      return { kind: "wait", ...base, wait: textsOf(fields.get("wait")).map((target) => target.value) };
    }
    if (fields.has("wait-all")) {
      const value = fields.get("wait-all");
      if (value && fields.boolean("wait-all") === false) {
        this.#conversion.diagnostics.error(
          "unexpected-value",
          value,
          "The value of 'wait-all' must be true, or left away",
        );
      }
      return { kind: "wait-all", ...base };
    }
    const cancel = textOf(fields.get("cancel"));
    return cancel === undefined ? undefined : { kind: "cancel", ...base, cancel };
  }

  /** An expression for all of `with` is a mapping with everything inserted that it gives. */
  #inputs(fields: Fields): { with?: TemplateMapping } {
    const token = fields.get("with");
    if (token?.kind !== "expression") return fields.mapping("with", "with");
    const value = expressionOf(token, this.#conversion.source);
    return { with: { kind: "mapping", entries: [{ key: { kind: "insert" }, value }] } };
  }

  #parallel(token: Token, parallel: Token): StepSpec {
    this.#group = this.facts.length;
    const items = parallel.kind === "sequence" ? parallel.items : [];
    const steps = items.flatMap((item) => this.step(item, true) ?? []);
    this.#group = undefined;
    return { kind: "parallel", at: this.#conversion.source.position(token.start), steps };
  }

  #refuseInParallel(fields: Fields): void {
    for (const name of ["background", "wait", "wait-all", "cancel", "parallel"]) {
      const key = fields.key(name);
      if (!key) continue;
      const hint =
        name === "background" ? "The steps of a 'parallel' block all run at once as it is" : undefined;
      this.#conversion.diagnostics.error(
        "not-in-parallel",
        key,
        `'${name}' is not allowed inside 'parallel'`,
        hint,
      );
    }
  }

  #id(token: Token | undefined, background: boolean): string | undefined {
    const id = textOf(token);
    if (token?.kind !== "literal" || id === undefined) return undefined;
    if (!checkIdentifier(token, id, this.#conversion)) return undefined;
    const key = id.toLowerCase();
    if (this.#ids.has(key)) {
      const message = `The identifier '${id}' may not be used more than once within the same job`;
      this.#conversion.diagnostics.error(
        "duplicate-id",
        token,
        message,
        "Ids are compared without regard to letter case",
      );
    } else {
      this.#ids.set(key, { background });
    }
    return id;
  }

  /** `wait` and `cancel` name background steps that stand before them. */
  #checkTarget(target: LiteralToken & { readonly value: string }, own: string | undefined): void {
    const { diagnostics } = this.#conversion;
    const known = this.#ids.get(target.value.toLowerCase());
    if (own?.toLowerCase() === target.value.toLowerCase()) {
      diagnostics.error("unknown-step", target, `The step '${own}' cannot wait for or cancel itself`);
    } else if (!known) {
      const background = [...this.#ids].filter(([, step]) => step.background).map(([id]) => id);
      const hint =
        background.length > 0
          ? `Background steps before this one: ${background.join(", ")}`
          : "No step before this one has 'background: true'";
      diagnostics.error("unknown-step", target, `No step before this one has the id '${target.value}'`, hint);
    } else if (!known.background) {
      const hint = "Add 'background: true' to that step";
      diagnostics.error(
        "unknown-step",
        target,
        `The step '${target.value}' does not run in the background`,
        hint,
      );
    }
  }
}
