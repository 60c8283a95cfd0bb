import type { DiagnosticList } from "../diagnostic-list.ts";
import type { SourceText } from "../source-text.ts";
import { mappingOf, templateOf } from "../template/template-of-token.ts";
import type { TemplateMapping, TemplateValue } from "../template/template-value.ts";
import type { LiteralToken, Token, TokenEntry } from "../template/token.ts";

/** What every part of a conversion needs: the text for positions, and where to say what is wrong. */
export interface Conversion {
  readonly source: SourceText;
  readonly diagnostics: DiagnosticList;
}

/** The values of a mapping by key; none where it is no mapping. */
export class Fields {
  readonly #entries = new Map<string, { key: TokenEntry["key"]; value: Token }>();
  readonly #conversion: Conversion;

  constructor(token: Token | undefined, conversion: Conversion) {
    this.#conversion = conversion;
    if (token?.kind !== "mapping") return;
    for (const { key, value } of token.entries) {
      if (key.kind === "literal") this.#entries.set(String(key.value), { key, value });
    }
  }

  get(name: string): Token | undefined {
    return this.#entries.get(name)?.value;
  }

  key(name: string): TokenEntry["key"] | undefined {
    return this.#entries.get(name)?.key;
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** `{ [property]: … }` to be spread into a spec; nothing where the key is absent or was refused. */
  template<P extends string>(name: string, property: P): { [K in P]?: TemplateValue } {
    const token = this.get(name);
    if (!token || isBad(token)) return {};
    return { [property]: templateOf(token, this.#conversion.source) } as { [K in P]: TemplateValue };
  }

  mapping<P extends string>(name: string, property: P): { [K in P]?: TemplateMapping } {
    const token = this.get(name);
    if (token?.kind !== "mapping") return {};
    return { [property]: mappingOf(token, this.#conversion.source) } as { [K in P]: TemplateMapping };
  }

  text<P extends string>(name: string, property: P): { [K in P]?: string } {
    const token = this.get(name);
    if (token?.kind !== "literal" || token.bad || typeof token.value !== "string") return {};
    return { [property]: token.value } as { [K in P]: string };
  }

  boolean(name: string): boolean | undefined {
    const token = this.get(name);
    return token?.kind === "literal" && typeof token.value === "boolean" ? token.value : undefined;
  }
}

function isBad(token: Token): token is LiteralToken {
  return token.kind === "literal" && token.bad;
}
