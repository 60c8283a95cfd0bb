import type { Pod } from "kubernetes-types/core/v1.js";
import { expect, it } from "vitest";
import { FakeClock } from "../../fake-clock.ts";
import type { KubeClient, KubeWatchEvent } from "./kube-client.ts";
import { NamespaceWatch } from "./namespace-watch.ts";

/** A cluster that a test tells what to list, and what each watch says. */
class ToldCluster {
  pods: Pod[] = [];
  lists = 0;
  watches = 0;
  #say: ((event: KubeWatchEvent<Pod> | undefined) => void) | undefined;
  readonly client: KubeClient;

  constructor() {
    const list = async () => {
      this.lists += 1;
      return { items: this.pods, resourceVersion: "100" };
    };
    this.client = {
      list,
      watch: (_k: string, _n: string, _s: object, signal: AbortSignal) => this.#watch(signal),
    } as unknown as KubeClient;
  }

  async say(...events: KubeWatchEvent<Pod>[]): Promise<void> {
    while (this.#say === undefined) await turn();
    for (const event of events) this.#say(event);
    for (let turns = 0; turns < 5; turns++) await turn();
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<KubeWatchEvent<Pod>> {
    this.watches += 1;
    const queue: (KubeWatchEvent<Pod> | undefined)[] = [];
    let wake = Promise.withResolvers<void>();
    this.#say = (event) => {
      queue.push(event);
      wake.resolve();
    };
    signal.addEventListener("abort", () => wake.resolve(), { once: true });
    while (!signal.aborted) {
      const event = queue.shift();
      if (event !== undefined) yield event;
      else {
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    }
    this.#say = undefined;
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function pod(resourceVersion: string, phase: string, uid = "u1"): Pod {
  return {
    metadata: {
      name: "p",
      uid,
      resourceVersion,
      labels: { "batch.kubernetes.io/job-name": "job" },
    },
    status: { phase },
  };
}

function watching() {
  const cluster = new ToldCluster();
  const clock = new FakeClock();
  const seen: string[] = [];
  const watch = new NamespaceWatch({ client: cluster.client, namespace: "ci", labels: "a=b", clock });
  const leave = watch.subscribe("job", ({ pod: each, deleted }) =>
    seen.push(`${each?.status?.phase}${deleted ? " gone" : ""}`),
  );
  return { cluster, clock, seen, watch, leave };
}

it("tells each state once, whatever comes twice, late or after the pod is gone", async () => {
  const { cluster, seen, watch } = watching();
  await cluster.say(
    { type: "ADDED", object: pod("9", "Pending") },
    { type: "MODIFIED", object: pod("11", "Running") },
    { type: "MODIFIED", object: pod("11", "Running") },
    { type: "MODIFIED", object: pod("10", "Pending") },
    { type: "DELETED", object: pod("12", "Failed") },
    { type: "MODIFIED", object: pod("13", "Running") },
  );
  expect(seen).toEqual(["Pending", "Running", "Failed gone"]);
  watch.close();
});

it("finds out by the next list what its watch never told", async () => {
  const { cluster, clock, seen, watch } = watching();
  await cluster.say({ type: "ADDED", object: pod("9", "Running") });
  cluster.pods = [];
  clock.advance(180_000);
  while (cluster.lists < 2) await turn();
  await cluster.say();
  expect(seen).toEqual(["Running", "Running gone"]);
  watch.close();
});

it("is one watch for any number of jobs, and ends some time after the last", async () => {
  const { cluster, clock, watch, leave } = watching();
  const others = Array.from({ length: 50 }, (_, index) => watch.subscribe(`job-${index}`, () => {}));
  await cluster.say();
  expect(cluster.watches).toBe(1);
  for (const other of [leave, ...others]) other();
  clock.advance(30_000);
  await turn();
  const again = watch.subscribe("job", () => {});
  while (cluster.watches < 2) await turn();
  again();
  watch.close();
});
