import { ExecError } from "../../errors.ts";
import type { ServiceRequest } from "../../protocol/job-placement.ts";
import type { PortForward } from "../../protocol/job-request.ts";

export interface PodPort {
  readonly protocol: "TCP" | "UDP";
  /** That the service listens on. */
  readonly port: number;
  /** That a step reaches it by. */
  readonly host: number;
}

export interface PodPorts {
  /** By service. */
  readonly services: { readonly [id: string]: readonly PodPort[] };
  readonly forwards: readonly PortForward[];
}

/**
 * Containers of a pod share one network: a service is reached by its own port on localhost and under its name. A port that
 * the file maps to another is handed on by the runner. Throws `InvalidSpec` where two want the same.
 */
export function planPorts(services: readonly ServiceRequest[]): PodPorts {
  const owners = new Map<string, string>();
  const planned: { [id: string]: readonly PodPort[] } = {};
  for (const { id, ports } of services) {
    const own = ports.map((text) => parsePort(text, id));
    for (const { protocol, port } of own) take(owners, id, protocol, port);
    planned[id] = own;
  }
  const forwards: PortForward[] = [];
  for (const [id, ports] of Object.entries(planned)) {
    for (const { protocol, port, host } of ports) {
      if (host === port) continue;
      if (protocol === "UDP")
        throw new ExecError(
          "InvalidSpec",
          `services.${id}.ports: UDP port ${port} cannot be reached as ${host} in a pod; use its own number.`,
        );
      take(owners, id, protocol, host);
      forwards.push({ listenPort: host, to: { host: "127.0.0.1", port } });
    }
  }
  return { services: planned, forwards };
}

function take(owners: Map<string, string>, id: string, protocol: string, port: number): void {
  const key = `${port}/${protocol}`;
  const other = owners.get(key);
  if (other !== undefined && other !== id)
    throw new ExecError(
      "InvalidSpec",
      `Services '${other}' and '${id}' both want port ${port}. On Kubernetes the containers of a job share one network: let one of them listen on another port.`,
    );
  owners.set(key, id);
}

function parsePort(text: string, id: string): PodPort {
  const match = /^(?:(?:[\d.]+:)?(\d+)?:)?(\d+)(?:\/(tcp|udp))?$/i.exec(text.trim());
  const port = Number(match?.[2]);
  const host = Number(match?.[1] ?? match?.[2]);
  if (match === null || ![port, host].every((number) => number > 0 && number < 65_536))
    throw new ExecError(
      "InvalidSpec",
      `services.${id}.ports: '${text}' is no port; write 5432, 15432:5432 or 53:53/udp.`,
    );
  return { protocol: match[3]?.toLowerCase() === "udp" ? "UDP" : "TCP", port, host };
}
