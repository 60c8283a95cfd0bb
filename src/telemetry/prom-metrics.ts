import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { METRICS, type MetricLabels, type MetricSpec, type Metrics } from "./metrics.ts";

/** From a millisecond to an hour: API calls and builds share them, so that their names stay few. */
const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600];

/** The metrics as Prometheus reads them. */
export class PromMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #beforeText: (() => void | Promise<void>)[] = [];

  constructor(options: { readonly process: boolean } = { process: true }) {
    if (options.process) collectDefaultMetrics({ register: this.#registry });
    for (const [name, spec] of Object.entries<MetricSpec>(METRICS)) this.#add(name, spec);
  }

  count(name: string, labels: MetricLabels = {}, by = 1): void {
    this.#of(this.#counters, name).inc(labels, by);
  }

  observe(name: string, value: number, labels: MetricLabels = {}): void {
    this.#of(this.#histograms, name).observe(labels, value);
  }

  set(name: string, value: number, labels: MetricLabels = {}): void {
    this.#of(this.#gauges, name).set(labels, value);
  }

  /** Called before each reading, to look at what is only known by asking. What fails leaves its gauges as they were. */
  beforeText(look: () => void | Promise<void>): void {
    this.#beforeText.push(look);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    await Promise.allSettled(this.#beforeText.map(async (look) => look()));
    return await this.#registry.metrics();
  }

  #add(name: string, { kind, help, labels }: MetricSpec): void {
    const shared = { name, help, labelNames: [...labels], registers: [this.#registry] };
    if (kind === "counter") this.#counters.set(name, new Counter(shared));
    else if (kind === "gauge") this.#gauges.set(name, new Gauge(shared));
    else this.#histograms.set(name, new Histogram({ ...shared, buckets: SECONDS }));
  }

  #of<T>(metrics: Map<string, T>, name: string): T {
    const metric = metrics.get(name);
    if (metric === undefined) throw new Error(`There is no such metric: ${name}`);
    return metric;
  }
}
