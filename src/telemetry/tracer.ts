/** Traces: a build is a trace, its jobs and steps are spans. Attributes never hold a secret. */
export interface Tracer {
  /** `at` in Unix milliseconds. Without a parent a new trace begins. */
  start(name: string, options: { at: number; parent?: Span; attributes?: SpanAttributes }): Span;
}

export interface Span {
  set(attributes: SpanAttributes): void;
  /** Idempotent. */
  end(at: number, outcome?: { readonly error?: string }): void;
}

export type SpanAttributes = { readonly [name: string]: string | number | boolean };

const noSpan: Span = { set() {}, end() {} };
export const noTracer: Tracer = { start: () => noSpan };
