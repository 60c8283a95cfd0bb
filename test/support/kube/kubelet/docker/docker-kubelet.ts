/** The kubelets of all nodes, for pods that really run: as containers of a Docker daemon. */
import type { Clock } from "../../../../../src/clock.ts";
import type { PodObject } from "../../cluster-object.ts";
import type { DockerKubeletOptions } from "../../cluster-options.ts";
import type { EventRecorder } from "../../controllers/event-recorder.ts";
import type { Registry } from "../../registry.ts";
import type { Kubelet, LogEntry, LogQuery } from "../kubelet.ts";

export interface DockerKubeletParts {
  readonly registry: Registry;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly isSilent: (node: string) => boolean;
}

export class DockerKubelet implements Kubelet {
  readonly hostAddress = "";

  static async start(_parts: DockerKubeletParts, _options: DockerKubeletOptions): Promise<DockerKubelet> {
    throw new Error("Pods that really run are not there yet");
  }

  readLog(_pod: PodObject, _query: LogQuery, _signal: AbortSignal): AsyncIterable<LogEntry> | undefined {
    return undefined;
  }

  async close(): Promise<void> {}
}
