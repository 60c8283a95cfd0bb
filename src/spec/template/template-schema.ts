import { type AllowedContext, extendContext, NO_CONTEXT } from "./allowed-context.ts";

/** A schema of GitHub's (`workflow-v1.0.json`, `action-v1.0.json`): definitions by name, that name each other. */
export interface SchemaSource {
  readonly definitions: { readonly [name: string]: DefinitionSource };
}

interface DefinitionSource {
  readonly context?: readonly string[];
  readonly null?: object;
  readonly boolean?: object;
  readonly number?: object;
  readonly string?: { readonly constant?: string; readonly "require-non-empty"?: boolean };
  readonly "allowed-values"?: readonly string[];
  readonly sequence?: { readonly "item-type": string };
  readonly mapping?: MappingSource;
  readonly "one-of"?: readonly string[];
}

interface MappingSource {
  readonly properties?: { readonly [key: string]: string | PropertySource };
  readonly "loose-key-type"?: string;
  readonly "loose-value-type"?: string;
}

interface PropertySource {
  readonly type: string;
  readonly required?: boolean;
}

export type ScalarRule =
  | { readonly kind: "null" | "boolean" | "number" }
  | { readonly kind: "string"; readonly constant?: string; readonly nonEmpty: boolean };

export interface MappingRule {
  readonly properties: ReadonlyMap<string, PropertySource>;
  readonly looseKey?: string;
  readonly looseValue?: string;
}

/** A definition with its alternatives (`one-of`) side by side. */
export interface Definition {
  readonly name: string;
  readonly context: readonly string[];
  readonly scalars: readonly ScalarRule[];
  readonly mappings: readonly MappingRule[];
  /** The definition of a sequence's items. */
  readonly items?: string;
}

/** A definition where it stands: with what the places around it let expressions use. */
export interface Place {
  readonly definition: Definition;
  readonly context: AllowedContext;
}

const BUILT_IN: SchemaSource["definitions"] = {
  null: { null: {} },
  boolean: { boolean: {} },
  number: { number: {} },
  string: { string: {} },
  sequence: { sequence: { "item-type": "any" } },
  mapping: { mapping: { "loose-key-type": "string", "loose-value-type": "any" } },
  any: { "one-of": ["null", "boolean", "number", "string", "sequence", "mapping"] },
};

/** Resolves definitions when they are first asked for: a file uses few of them. */
export class TemplateSchema {
  readonly #source: SchemaSource["definitions"];
  readonly #definitions = new Map<string, Definition>();
  readonly #places = new Map<AllowedContext, Map<string, Place>>();

  constructor(source: SchemaSource) {
    this.#source = source.definitions;
  }

  root(name: string): Place {
    return this.place(NO_CONTEXT, name);
  }

  place(outer: AllowedContext, name: string): Place {
    const inside = this.#places.get(outer) ?? new Map<string, Place>();
    this.#places.set(outer, inside);
    let place = inside.get(name);
    if (!place) {
      const definition = this.definition(name);
      const { context } = definition;
      place = { definition, context: context.length > 0 ? extendContext(outer, context) : outer };
      inside.set(name, place);
    }
    return place;
  }

  definition(name: string): Definition {
    let definition = this.#definitions.get(name);
    if (!definition) {
      definition = this.#resolve(name);
      this.#definitions.set(name, definition);
    }
    return definition;
  }

  #resolve(name: string): Definition {
    const source = this.#source[name] ?? BUILT_IN[name];
    if (!source) throw new Error(`The schema has no definition '${name}'`);
    const others = (source["one-of"] ?? []).map((other) => this.definition(other));
    const items = source.sequence?.["item-type"] ?? others.find((other) => other.items)?.items;
    return {
      name,
      context: source.context ?? [],
      scalars: [...ownScalars(source), ...others.flatMap(({ scalars }) => scalars)],
      mappings: [...ownMapping(source), ...others.flatMap(({ mappings }) => mappings)],
      ...(items === undefined ? {} : { items }),
    };
  }
}

function ownScalars(source: DefinitionSource): ScalarRule[] {
  const rules: ScalarRule[] = [];
  if (source.null) rules.push({ kind: "null" });
  if (source.boolean) rules.push({ kind: "boolean" });
  if (source.number) rules.push({ kind: "number" });
  if (source.string) {
    const { constant, "require-non-empty": nonEmpty = false } = source.string;
    rules.push({ kind: "string", nonEmpty, ...(constant === undefined ? {} : { constant }) });
  }
  for (const constant of source["allowed-values"] ?? []) {
    rules.push({ kind: "string", constant, nonEmpty: false });
  }
  return rules;
}

function ownMapping({ mapping }: DefinitionSource): MappingRule[] {
  if (!mapping) return [];
  const properties = Object.entries(mapping.properties ?? {}).map(
    ([key, value]) => [key, typeof value === "string" ? { type: value } : value] as const,
  );
  const looseKey = mapping["loose-key-type"];
  const looseValue = mapping["loose-value-type"];
  return [
    {
      properties: new Map(properties),
      ...(looseKey === undefined ? {} : { looseKey }),
      ...(looseValue === undefined ? {} : { looseValue }),
    },
  ];
}
