/** Numbers about the server, by the names of the table below. A name or label that is not in it is a mistake of ours. */
export interface Metrics {
  /** Adds to a counter. */
  count(name: MetricNameOf<"counter">, labels?: MetricLabels, by?: number): void;
  /** Takes a value of a histogram, in the unit its name ends with. */
  observe(name: MetricNameOf<"histogram">, value: number, labels?: MetricLabels): void;
  set(name: MetricNameOf<"gauge">, value: number, labels?: MetricLabels): void;
}

export type MetricLabels = { readonly [label: string]: string };

export const METRICS = {
  slipway_builds_total: { kind: "counter", help: "Builds that ended.", labels: ["status"] },
  slipway_builds: { kind: "gauge", help: "Builds by state.", labels: ["status"] },
  slipway_build_duration_seconds: { kind: "histogram", help: "From running to ended.", labels: ["status"] },
  slipway_build_queue_seconds: { kind: "histogram", help: "From queued to running.", labels: [] },
  slipway_jobs_total: { kind: "counter", help: "Jobs that ended.", labels: ["status"] },
  slipway_jobs_running: { kind: "gauge", help: "Jobs that run on this worker.", labels: [] },
  slipway_job_duration_seconds: { kind: "histogram", help: "From running to ended.", labels: ["status"] },
  slipway_job_retries_total: {
    kind: "counter",
    help: "Attempts after an infrastructure failure.",
    labels: [],
  },
  slipway_step_recorded_seconds: {
    kind: "histogram",
    help: "From the end of a step to its state in the records.",
    labels: [],
  },
  slipway_queue_messages: { kind: "gauge", help: "Messages in the build queue.", labels: ["state"] },
  slipway_queue_oldest_seconds: { kind: "gauge", help: "Age of the oldest build that waits.", labels: [] },
  slipway_log_bytes_total: { kind: "counter", help: "Bytes of logs taken.", labels: [] },
  slipway_log_flush_seconds: {
    kind: "histogram",
    help: "A batch of log chunks into the records.",
    labels: [],
  },
  slipway_log_followers: { kind: "gauge", help: "Readers that follow a log.", labels: [] },
  slipway_leases: { kind: "gauge", help: "Leases this worker holds.", labels: [] },
  slipway_leases_lost_total: { kind: "counter", help: "Builds another worker took over.", labels: [] },
  slipway_sweeps_total: { kind: "counter", help: "Builds the sweeper published again.", labels: [] },
  slipway_http_request_seconds: {
    kind: "histogram",
    help: "API requests.",
    labels: ["method", "route", "status"],
  },
  slipway_rpc_request_seconds: { kind: "histogram", help: "gRPC calls.", labels: ["method", "code"] },
  slipway_webhook_deliveries_total: {
    kind: "counter",
    help: "Attempts to deliver a webhook.",
    labels: ["state"],
  },
} as const satisfies { readonly [name: string]: MetricSpec };

export interface MetricSpec {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

type MetricNameOf<K extends MetricSpec["kind"]> = {
  [N in keyof typeof METRICS]: (typeof METRICS)[N]["kind"] extends K ? N : never;
}[keyof typeof METRICS];

export const noMetrics: Metrics = { count() {}, observe() {}, set() {} };
