import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from "yaml";
import { DiagnosticList } from "../diagnostic-list.ts";
import { SourceText, type TextRange } from "../source-text.ts";
import { suggest } from "../suggest.ts";
import { readYaml } from "../template/read-yaml.ts";
import type { SourcePosition } from "../template/template-value.ts";
import { rangeOf } from "../template/yaml-range.ts";

/** Far more than any pipeline has, far less than a file of nested aliases can stand for. */
const MAX_NODES = 50_000;

export interface TextNode {
  readonly text: string;
  readonly range: TextRange;
}

export interface Entry {
  readonly key: TextNode;
  readonly value: Node | null;
}

/** A YAML file whose parts are asked for by the type they must have; what has another is a diagnostic. */
export class YamlSource {
  readonly diagnostics: DiagnosticList;
  /** Absent where the text is no YAML. */
  readonly root: Node | undefined;
  readonly #source: SourceText;
  readonly #document: Document | undefined;
  #nodesLeft = MAX_NODES;

  constructor(file: string, content: string) {
    this.#source = new SourceText(content);
    this.diagnostics = new DiagnosticList(file, this.#source);
    this.#document = readYaml(this.#source, this.diagnostics);
    this.root = this.#document?.contents as Node | undefined;
  }

  position({ start }: TextRange): SourcePosition {
    return this.#source.position(start);
  }

  /** As it is written: quoted, folded, indented. */
  raw(range: TextRange): string {
    return this.#source.slice(range);
  }

  /** Where a node stands; `otherwise` where nothing is written that could be pointed at. */
  rangeOf(node: Node | null | undefined, otherwise: TextRange): TextRange {
    if (!node) return otherwise;
    const { start, end } = rangeOf(node);
    // Block values reach over the line ends behind them.
    const length = this.#source.slice({ start, end }).trimEnd().length;
    return length === 0 ? otherwise : { start, end: start + length };
  }

  /** The entries of a mapping. Undefined: it is none, which has been told. */
  entries(node: Node | null, what: string, at: TextRange): Entry[] | undefined {
    const map = this.#visit(node);
    if (!isMap(map)) {
      this.mistyped(map, what, "a mapping", at);
      return undefined;
    }
    const seen = new Set<string>();
    return map.items.flatMap((pair): Entry[] => {
      const key = {
        text: scalarText(pair.key) ?? String(pair.key),
        range: this.rangeOf(pair.key as Node, at),
      };
      if (seen.has(key.text)) {
        this.diagnostics.error(
          "duplicate-key",
          key.range,
          `The key '${key.text}' stands twice in ${lowerFirst(what)}`,
        );
        return [];
      }
      seen.add(key.text);
      return [{ key, value: pair.value as Node | null }];
    });
  }

  /** A mapping by its keys; others than `known` are mistakes. */
  fields(
    node: Node | null,
    known: readonly string[],
    what: string,
    at: TextRange,
  ): Map<string, Entry> | undefined {
    const entries = this.entries(node, what, at);
    if (!entries) return undefined;
    const fields = new Map<string, Entry>();
    for (const entry of entries) {
      const { text, range } = entry.key;
      if (known.includes(text)) {
        fields.set(text, entry);
        continue;
      }
      const meant = suggest(text, known);
      const hint = meant ? `Did you mean '${meant}'?` : `Known keys: ${known.join(", ")}`;
      this.diagnostics.error("unknown-key", range, `There is no key '${text}' in ${lowerFirst(what)}`, hint);
    }
    return fields;
  }

  items(node: Node | null, what: string, at: TextRange): (Node | null)[] | undefined {
    const sequence = this.#visit(node);
    if (isSeq(sequence)) return sequence.items as (Node | null)[];
    this.mistyped(sequence, what, "a sequence", at);
    return undefined;
  }

  /** A text; numbers and booleans are taken as they are written. */
  text(node: Node | null, what: string, at: TextRange): TextNode | undefined {
    const scalar = this.#visit(node);
    const text = scalarText(scalar);
    if (text !== undefined) return { text, range: this.rangeOf(scalar, at) };
    this.mistyped(scalar, what, "a text", at);
    return undefined;
  }

  /** One text, or a sequence of them. */
  texts(node: Node | null, what: string, at: TextRange): TextNode[] | undefined {
    const value = this.#visit(node);
    if (!isSeq(value)) {
      const text = this.text(value ?? null, what, at);
      return text && [text];
    }
    const items = value.items as (Node | null)[];
    return items.flatMap(
      (item) => this.text(item, `An item of ${lowerFirst(what)}`, this.rangeOf(value, at)) ?? [],
    );
  }

  isSequence(node: Node | null): boolean {
    return isSeq(this.#visit(node));
  }

  isMapping(node: Node | null): boolean {
    return isMap(this.#visit(node));
  }

  isEmpty(node: Node | null): boolean {
    const value = this.#visit(node);
    return value === undefined || (isScalar(value) && value.value === null);
  }

  mistyped(node: Node | undefined, what: string, wanted: string, at: TextRange): void {
    this.diagnostics.error(
      "schema",
      this.rangeOf(node, at),
      `${what} must be ${wanted}, not ${kindOf(node)}`,
    );
  }

  #visit(node: Node | null): Node | undefined {
    this.#nodesLeft -= 1;
    if (this.#nodesLeft === 0) {
      const message = `The file stands for more than ${MAX_NODES} values`;
      this.diagnostics.error("file-too-large", this.rangeOf(node, { start: 0, end: 1 }), message);
    }
    if (this.#nodesLeft <= 0 || node === null) return undefined;
    if (!isAlias(node) || !this.#document) return node;
    return node.resolve(this.#document) as Node | undefined;
  }
}

function scalarText(node: unknown): string | undefined {
  if (!isScalar(node)) return undefined;
  const { value, source } = node as Scalar;
  if (value === null || value === undefined) return undefined;
  return typeof value === "string" ? value : (source ?? String(value));
}

function kindOf(node: Node | undefined): string {
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a sequence";
  const value = isScalar(node) ? node.value : null;
  if (value === null || value === undefined) return "empty";
  return typeof value === "string" ? "a text" : `a ${typeof value}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
