import { randomBytes } from "node:crypto";
import { context, type Span as OtelSpan, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { Span, SpanAttributes, SpanOptions, Tracer } from "./tracer.ts";

/** A collector that is gone may hold up the end of the server this long. */
const EXPORT_LIMIT_MS = 2_000;

export interface OtlpTracerOptions {
  /** Of the collector's OTLP/HTTP traces: `http://localhost:4318/v1/traces`. */
  readonly url: string;
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** Absent: OTLP over HTTP. */
  readonly exporter?: SpanExporter;
}

export interface OtlpTracer extends Tracer {
  /** Sends what is left. Never rejects. */
  close(): Promise<void>;
}

/** Sends spans to an OpenTelemetry collector in batches; one that cannot be reached loses them and nothing else. */
export function otlpTracer({ url, serviceName, serviceVersion, exporter }: OtlpTracerOptions): OtlpTracer {
  let wantedTraceId: string | undefined;
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": serviceName, "service.version": serviceVersion }),
    idGenerator: {
      generateTraceId: () => wantedTraceId ?? randomBytes(16).toString("hex"),
      generateSpanId: () => randomBytes(8).toString("hex"),
    },
    spanProcessors: [
      new BatchSpanProcessor(exporter ?? new OTLPTraceExporter({ url, timeoutMillis: EXPORT_LIMIT_MS })),
    ],
  });
  const tracer = provider.getTracer("slipway", serviceVersion);
  const spans = new WeakMap<Span, OtelSpan>();
  return {
    start(name, { at, parent, traceId, attributes = {} }: SpanOptions) {
      const around = parent && spans.get(parent);
      const parentContext = around === undefined ? context.active() : trace.setSpan(context.active(), around);
      wantedTraceId = traceId;
      const span = tracer.startSpan(
        name,
        { startTime: hrTime(at), attributes, root: around === undefined },
        parentContext,
      );
      wantedTraceId = undefined;
      const started: Span = {
        set: (more: SpanAttributes) => void span.setAttributes(more),
        end(endedAt, outcome) {
          if (!span.isRecording()) return;
          if (outcome?.error !== undefined)
            span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.error });
          span.end(hrTime(endedAt));
        },
      };
      spans.set(started, span);
      return started;
    },
    close: () => provider.shutdown().catch(() => undefined),
  };
}

/** Seconds and nanoseconds: of a bare number the library guesses from its size which clock it is of. */
function hrTime(ms: number): [number, number] {
  return [Math.trunc(ms / 1000), Math.round((ms % 1000) * 1_000_000)];
}
