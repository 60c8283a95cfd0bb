import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { DiagnosticList } from "../diagnostic-list.ts";
import { toStringValue } from "../expressions/coerce.ts";
import type { SourceText, TextRange } from "../source-text.ts";
import { describePlace } from "./describe-place.ts";
import { MappingFilter } from "./mapping-filter.ts";
import { readScalar } from "./read-scalar.ts";
import { readYaml } from "./read-yaml.ts";
import { reportMissingKeys, reportUnknownKey } from "./report-keys.ts";
import { resolveAliases } from "./resolve-aliases.ts";
import type { Place, TemplateSchema } from "./template-schema.ts";
import type { LiteralToken, Token, TokenEntry } from "./token.ts";
import { validateScalar } from "./validate-scalar.ts";
import { rangeOf } from "./yaml-range.ts";

/** GitHub's limits: aliases count each time they are used. */
const MAX_NODES = 50_000;
const MAX_CHARACTERS = 10 * 1024 * 1024;
const MAX_DEPTH = 50;

class TooMuch extends Error {}

/**
 * Reads a file by a schema of GitHub's: finds expressions, checks them against what their place allows, and reports
 * everything that the schema does not allow. What could be read comes back also where there are mistakes. Undefined:
 * the file is not YAML, or too large when its aliases are followed.
 */
export function readTemplate(
  source: SourceText,
  schema: TemplateSchema,
  type: string,
  diagnostics: DiagnosticList,
): Token | undefined {
  const document = readYaml(source, diagnostics);
  if (!document?.contents) return undefined;
  let aliases: ReadonlyMap<Alias, ParsedNode> = new Map();
  try {
    aliases = source.content.includes("*") ? resolveAliases(document.contents, diagnostics) : aliases;
    return new Reader(source, schema, diagnostics, aliases).value(document.contents, schema.root(type));
  } catch (error) {
    const start = { start: 0, end: 0 };
    if (error instanceof TooMuch) {
      const hint =
        aliases.size > 0 ? "Do aliases repeat one another?" : "Split it: reusable workflows can be called";
      diagnostics.error("file-too-large", start, error.message, hint);
    } else if (error instanceof RangeError) {
      diagnostics.error("too-deep", start, "The file is nested too deeply");
    } else {
      throw error;
    }
    return undefined;
  }
}

class Reader {
  readonly #source: SourceText;
  readonly #schema: TemplateSchema;
  readonly #diagnostics: DiagnosticList;
  readonly #aliases: ReadonlyMap<Alias, ParsedNode>;
  #nodes = 0;
  #characters = 0;
  #depth = 0;

  constructor(
    source: SourceText,
    schema: TemplateSchema,
    diagnostics: DiagnosticList,
    aliases: ReadonlyMap<Alias, ParsedNode>,
  ) {
    this.#source = source;
    this.#schema = schema;
    this.#diagnostics = diagnostics;
    this.#aliases = aliases;
  }

  value(raw: ParsedNode, place: Place): Token {
    const node = isAlias(raw) ? this.#aliases.get(raw) : raw;
    if (!node || isAlias(node)) return badLiteral(rangeOf(raw), place);
    this.#count(node);
    if (isScalar(node)) {
      const token = readScalar(node, place.context, this.#source, this.#diagnostics);
      return validateScalar(token, place, this.#diagnostics);
    }
    if (this.#depth >= MAX_DEPTH) {
      this.#diagnostics.error(
        "too-deep",
        rangeOf(node),
        `Nothing may be nested deeper than ${MAX_DEPTH} levels`,
      );
      return badLiteral(rangeOf(node), place);
    }
    this.#depth += 1;
    const token = isSeq(node)
      ? this.#sequence(node.items as ParsedNode[], rangeOf(node), place)
      : this.#mapping(node, place);
    this.#depth -= 1;
    return token;
  }

  #count(node: ParsedNode): void {
    this.#nodes += 1;
    if (isScalar(node) && typeof node.value === "string") this.#characters += node.value.length;
    if (this.#nodes > MAX_NODES) throw new TooMuch(`The file has more than ${MAX_NODES} values`);
    if (this.#characters > MAX_CHARACTERS)
      throw new TooMuch(`The file has more than ${MAX_CHARACTERS} characters`);
  }

  #sequence(nodes: readonly ParsedNode[], range: TextRange, place: Place): Token {
    const { items } = place.definition;
    if (items === undefined) {
      this.#diagnostics.error(
        "unexpected-sequence",
        firstLine(range, this.#source),
        "A sequence was not expected",
        `Expected ${describePlace(place)}`,
      );
      return badLiteral(range, place);
    }
    const inner = this.#schema.place(place.context, items);
    return { kind: "sequence", ...range, items: nodes.map((node) => this.value(node, inner)) };
  }

  #mapping(node: YAMLMap.Parsed | ParsedNode, place: Place): Token {
    const range = rangeOf(node);
    if (!isMap(node)) return badLiteral(range, place);
    const { mappings } = place.definition;
    if (mappings.length === 0) {
      this.#diagnostics.error(
        "unexpected-mapping",
        firstLine(range, this.#source),
        "A mapping was not expected",
        `Expected ${describePlace(place)}`,
      );
      return badLiteral(range, place);
    }
    const filter = new MappingFilter(mappings);
    const seen = new Set<string>();
    const entries: TokenEntry[] = [];
    let expressionKey = false;
    for (const pair of node.items) {
      const key = this.#key(pair.key as ParsedNode | null, range, place);
      if (!key) continue;
      const valueNode = pair.value as ParsedNode | null;
      if (key.kind !== "literal") {
        expressionKey = true;
        if (place.context.expressions) {
          const inner = this.#schema.place(place.context, filter.looseOnly ?? "any");
          entries.push({ key, value: this.#valueOr(valueNode, key, inner) });
        }
        continue;
      }
      const name = String(key.value);
      const upper = name.toUpperCase();
      if (seen.has(upper)) {
        this.#diagnostics.error(
          "duplicate-key",
          key,
          `'${name}' is already defined`,
          "Keys are compared without regard to letter case",
        );
        continue;
      }
      seen.add(upper);
      const type = filter.typeOf(name);
      if (type === undefined) {
        reportUnknownKey(name, key, filter, this.#diagnostics);
        continue;
      }
      if (type.loose !== undefined)
        validateScalar(key, this.#schema.place(place.context, type.loose), this.#diagnostics);
      const value = this.#valueOr(valueNode, key, this.#schema.place(place.context, type.value));
      entries.push({ key, value });
    }
    reportMissingKeys(filter, seen, expressionKey, firstLine(range, this.#source), this.#diagnostics);
    return { kind: "mapping", ...range, entries };
  }

  #valueOr(node: ParsedNode | null, key: TextRange, place: Place): Token {
    if (node) return this.value(node, place);
    const range = { start: key.end, end: key.end };
    const empty: LiteralToken = {
      kind: "literal",
      ...range,
      value: null,
      context: place.context,
      bad: false,
      offsetOf: () => key.end,
    };
    return validateScalar(empty, place, this.#diagnostics);
  }

  #key(raw: ParsedNode | null, mapping: TextRange, place: Place): TokenEntry["key"] | undefined {
    const node = raw && isAlias(raw) ? this.#aliases.get(raw) : raw;
    if (!node) {
      if (raw) return undefined;
      return {
        kind: "literal",
        start: mapping.start,
        end: mapping.start,
        value: "",
        context: place.context,
        bad: false,
        offsetOf: () => mapping.start,
      };
    }
    this.#count(node);
    if (!isScalar(node)) {
      this.#diagnostics.error(
        "bad-key",
        firstLine(rangeOf(node), this.#source),
        "A key must be a plain text",
      );
      return undefined;
    }
    if (isMergeKey(node)) {
      this.#diagnostics.error(
        "merge-key",
        rangeOf(node),
        "YAML merge keys ('<<') are not supported, here or on GitHub",
        "Give the whole mapping an anchor, or repeat its keys",
      );
      return undefined;
    }
    const token = readScalar(node, place.context, this.#source, this.#diagnostics);
    if (token.kind !== "literal") {
      if (!place.context.expressions)
        this.#diagnostics.error("expression-not-allowed", token, "A template expression is not allowed here");
      return token;
    }
    if (token.bad || typeof token.value === "string") return token;
    return { ...token, value: toStringValue(token.value) };
  }
}

function isMergeKey(node: Scalar): boolean {
  return node.value === "<<" && node.type === "PLAIN";
}

function badLiteral(range: TextRange, place: Place): LiteralToken {
  return {
    kind: "literal",
    start: range.start,
    end: range.end,
    value: null,
    context: place.context,
    bad: true,
    offsetOf: () => range.start,
  };
}

/** Of a mapping or sequence only the first line: nobody wants a caret under half a file. */
function firstLine({ start, end }: TextRange, { content }: SourceText): TextRange {
  const newline = content.indexOf("\n", start);
  return { start, end: newline < 0 ? end : Math.max(start, Math.min(end, newline)) };
}
