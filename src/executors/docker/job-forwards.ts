import type { PortForward } from "../../protocol/job-request.ts";
import type { NoteSink } from "../executor.ts";
import { HOST_SOCKETS } from "./job-mounts.ts";
import { socketName } from "./loopback-proxy.ts";
import type { PortRequest } from "./parse-ports.ts";

export interface ForwardedService {
  readonly id: string;
  readonly ports: readonly PortRequest[];
}

export interface JobForwards {
  readonly forwards: readonly PortForward[];
  /** By service: where each of its ports is on the job's loopback. */
  readonly ports: { readonly [service: string]: { readonly [port: string]: string } };
}

/** Where ports that nobody chose begin. */
const FIRST_FREE = 32_768;

/**
 * The job's loopback: ports of this machine's that the request speaks of, and, in a job without a container of its own, the
 * ports of services as they would be on its host: the one that was chosen, else the service's own if it is free there.
 */
export function jobForwards(
  hostPorts: readonly number[],
  services: readonly ForwardedService[],
  note: NoteSink,
): JobForwards {
  const forwards: PortForward[] = hostPorts.map((port) => ({
    listenPort: port,
    to: { socket: `${HOST_SOCKETS}/${socketName(port)}` },
  }));
  const taken = new Set(hostPorts);
  const chosen = new Set(services.flatMap(({ ports }) => ports.flatMap(({ hostPort }) => hostPort ?? [])));
  const ports: { [service: string]: { [port: string]: string } } = {};
  let next = FIRST_FREE;
  for (const { id, ports: wanted } of services) {
    const own: { [port: string]: string } = {};
    ports[id] = own;
    for (const { containerPort, protocol, hostPort } of wanted) {
      if (protocol !== "tcp") {
        note(
          `Port ${containerPort}/${protocol} of service '${id}' is not on the job's localhost: only tcp is. Use ${id}:${containerPort}.`,
        );
        continue;
      }
      let listenPort = hostPort ?? containerPort;
      if (hostPort !== undefined && taken.has(hostPort)) {
        note(
          `Port ${hostPort} of the job's localhost is in use already: service '${id}' is at ${id}:${containerPort}.`,
        );
        continue;
      }
      if (hostPort === undefined && (taken.has(listenPort) || chosen.has(listenPort))) {
        while (taken.has(next) || chosen.has(next)) next += 1;
        listenPort = next;
      }
      taken.add(listenPort);
      own[String(containerPort)] = String(listenPort);
      forwards.push({ listenPort, to: { host: id, port: containerPort } });
    }
  }
  return { forwards, ports };
}
