import type { MappingRule } from "./template-schema.ts";

/** The alternatives of a mapping that its keys so far leave open. */
export class MappingFilter {
  rules: readonly MappingRule[];
  /** Keys that ruled alternatives out. */
  readonly decidedBy: string[] = [];
  /** Keys that mistyped ones were probably meant to be. */
  readonly meant = new Set<string>();
  readonly #all: readonly MappingRule[];

  constructor(rules: readonly MappingRule[]) {
    this.rules = rules;
    this.#all = rules;
  }

  /** The type of every value, where keys are free and none is known. */
  get looseOnly(): string | undefined {
    const [only, another] = this.#all;
    return !another && only?.properties.size === 0 ? only.looseValue : undefined;
  }

  typeOf(name: string): { value: string; loose?: string } | undefined {
    const matching = this.rules.filter(({ properties }) => properties.has(name));
    const type = matching.at(-1)?.properties.get(name)?.type;
    if (type !== undefined) {
      if (matching.length < this.rules.length) this.decidedBy.push(name);
      this.rules = matching;
      return { value: type };
    }
    const first = this.#all[0];
    if (first?.looseKey === undefined || first.looseValue === undefined) return undefined;
    return { value: first.looseValue, loose: first.looseKey };
  }

  /** Keys so far that rule out every alternative with this key; none where it was never possible. */
  ruledOutBy(name: string): string[] {
    const having = this.#all.filter(({ properties }) => properties.has(name));
    if (having.length === 0) return [];
    return this.decidedBy.filter((key) => !having.some(({ properties }) => properties.has(key)));
  }

  *keys(): Generator<string> {
    yield* new Set(this.rules.flatMap(({ properties }) => [...properties.keys()]));
  }

  /** Keys that would decide between the alternatives left: those that one of them demands, else that only one has. */
  decidingKeys(): string[] {
    const all = this.rules.flatMap(({ properties }) => [...properties]);
    const once = all.filter(([key]) => all.filter(([other]) => other === key).length === 1);
    const required = once.filter(([, { required: demanded }]) => demanded);
    return (required.length > 0 ? required : once).map(([key]) => key).sort();
  }
}
