import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument, type Scalar } from "yaml";
import { suggest } from "../suggest.ts";
import { Problems, rangeOf, type TextRange } from "./problems.ts";

const MAX_LENGTH = 1024 * 1024;
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

/** A YAML file whose parts are asked for by the type they must have; what has another is told as a problem. */
export class YamlSource {
  readonly content: string;
  readonly problems: Problems;
  /** Absent where the text is no YAML. */
  readonly root: Node | null;
  #nodesLeft = MAX_NODES;
  readonly #resolve: (node: Node) => Node | undefined;

  constructor(file: string, content: string) {
    this.content = content;
    this.problems = new Problems(file, content);
    if (content.length > MAX_LENGTH) {
      this.problems.add({ start: 0, end: 1 }, "too-large", "The file is larger than 1 MiB");
      this.root = null;
      this.#resolve = (node) => node;
      return;
    }
    const document = parseDocument(content, {
      prettyErrors: false,
      keepSourceTokens: false,
    });
    for (const { pos, message, code } of document.errors) {
      const [start, end] = pos;
      const hint = code === "TAB_AS_INDENT" ? "YAML is indented by spaces" : undefined;
      this.problems.add({ start, end }, code === "DUPLICATE_KEY" ? "duplicate-key" : "yaml-syntax", message, {
        hint,
      });
    }
    const broken = document.errors.some(({ code }) => code !== "DUPLICATE_KEY");
    this.root = broken ? null : (document.contents as Node | null);
    this.#resolve = (node) => (isAlias(node) ? (node.resolve(document) as Node | undefined) : node);
  }

  /** The entries of a mapping. Undefined: it is none, which has been told. */
  entries(node: Node | null, what: string, at: TextRange): Entry[] | undefined {
    const map = this.#visit(node);
    if (!isMap(map)) {
      this.mistyped(map, what, "a mapping", at);
      return undefined;
    }
    return map.items.map(({ key, value }) => ({
      key: { text: scalarText(key) ?? String(key), range: rangeOf(key as Node) },
      value: value as Node | null,
    }));
  }

  /** A mapping by its keys; others than `known` are told as problems. */
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
        if (!fields.has(text)) fields.set(text, entry);
        continue;
      }
      const meant = suggest(text, known);
      const hint = meant ? `Did you mean '${meant}'?` : `Known keys: ${known.join(", ")}`;
      this.problems.add(range, "unknown-key", `There is no key '${text}' in ${what}`, { hint });
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
    if (text !== undefined) return { text, range: rangeOf(scalar) };
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
    return items.flatMap((item) => this.text(item, `An item of ${lowerFirst(what)}`, rangeOf(value)) ?? []);
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
    const range = rangeOf(node);
    // Nothing is there to be pointed at where a value is left out.
    this.problems.add(
      range.end > range.start ? range : at,
      "schema",
      `${what} must be ${wanted}, not ${kindOf(node)}`,
    );
  }

  #visit(node: Node | null): Node | undefined {
    this.#nodesLeft -= 1;
    if (this.#nodesLeft === 0) {
      this.problems.add(rangeOf(node), "too-large", `The file stands for more than ${MAX_NODES} values`);
    }
    if (this.#nodesLeft <= 0 || node === null) return undefined;
    return this.#resolve(node);
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
