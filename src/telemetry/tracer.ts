/** Traces: a build is a trace, its jobs and steps are spans. Attributes never hold a secret. */
export interface Tracer {
  /** Without a parent a trace begins, or goes on where `traceId` has been seen before. */
  start(name: string, options: SpanOptions): Span;
}

export interface SpanOptions {
  /** Unix milliseconds. */
  readonly at: number;
  readonly parent?: Span;
  /** Only without a parent: 32 hex digits, such as a build's id without its dashes. */
  readonly traceId?: string;
  readonly attributes?: SpanAttributes;
}

export interface Span {
  set(attributes: SpanAttributes): void;
  /** Idempotent. */
  end(at: number, outcome?: { readonly error?: string }): void;
}

export type SpanAttributes = { readonly [name: string]: string | number | boolean };

const noSpan: Span = { set() {}, end() {} };
export const noTracer: Tracer = { start: () => noSpan };
