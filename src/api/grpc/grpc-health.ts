import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { type Health, HealthCheckResponse_ServingStatus as Serving } from "./gen/grpc/health/v1/health_pb.ts";

/** Whether each service can be used, as `grpc.health.v1.Health` tells it. The empty name is the server as a whole. */
export class GrpcHealth {
  readonly #serving: Map<string, boolean>;
  readonly #watchers = new Set<() => void>();

  constructor(services: readonly string[]) {
    this.#serving = new Map(["", ...services].map((name) => [name, true]));
  }

  set(service: string, serving: boolean): void {
    if (this.#serving.get(service) === serving) return;
    this.#serving.set(service, serving);
    for (const changed of this.#watchers) changed();
  }

  /** Every service, and the server as a whole. */
  setAll(serving: boolean): void {
    for (const service of this.#serving.keys()) this.set(service, serving);
  }

  routes(): ServiceImpl<typeof Health> {
    return {
      check: ({ service }) => {
        const status = this.#status(service);
        if (status === Serving.SERVICE_UNKNOWN) {
          throw new ConnectError(`There is no service '${service}' here.`, Code.NotFound);
        }
        return { status };
      },
      list: () => ({
        statuses: Object.fromEntries(
          [...this.#serving.keys()].map((name) => [name, { status: this.#status(name) }]),
        ),
      }),
      watch: ({ service }, { signal }) => this.#watch(service, signal),
    };
  }

  #status(service: string): Serving {
    const serving = this.#serving.get(service);
    if (serving === undefined) return Serving.SERVICE_UNKNOWN;
    return serving ? Serving.SERVING : Serving.NOT_SERVING;
  }

  async *#watch(service: string, signal: AbortSignal) {
    let wake = () => {};
    const changed = () => wake();
    this.#watchers.add(changed);
    signal.addEventListener("abort", changed);
    try {
      let told: Serving | undefined;
      while (!signal.aborted) {
        const change = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const status = this.#status(service);
        if (status !== told) yield { status };
        told = status;
        // It may have changed while the last word was sent.
        if (this.#status(service) === told && !signal.aborted) await change;
      }
    } finally {
      this.#watchers.delete(changed);
      signal.removeEventListener("abort", changed);
    }
  }
}
