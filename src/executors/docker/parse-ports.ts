import { ExecError } from "../../errors.ts";

export interface PortRequest {
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** Absent: any. */
  readonly hostPort?: number;
}

const PORT =
  /^(?:(?:\[[0-9a-f:]+\]|\d+(?:\.\d+){3}):)?(?:(\d*)(?:-(\d+))?:)?(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/i;

/** An entry of `ports`: `80`, `8080:80`, `8080:80/udp`, `8000-8002:80-82`; an address before it is left out. */
export function parsePorts(text: string): readonly PortRequest[] {
  const found = PORT.exec(text.trim());
  const [, host = "", hostEnd, first = "", last = first, protocol = "tcp"] = found ?? [];
  const from = Number(first);
  const count = Number(last) - from + 1;
  const hostFrom = host === "" ? undefined : Number(host);
  const isRange = (start: number) => start >= 1 && start + count - 1 <= 65_535;
  const fits = hostEnd === undefined || Number(hostEnd) - Number(host) + 1 === count;
  if (
    found === null ||
    count < 1 ||
    !isRange(from) ||
    (hostFrom !== undefined && !isRange(hostFrom)) ||
    !fits
  )
    throw new ExecError("InvalidSpec", `The port '${text}' is not like 80, 8080:80 or 8080:80/udp.`);
  return Array.from({ length: count }, (_, index) => ({
    containerPort: from + index,
    protocol: protocol.toLowerCase() as PortRequest["protocol"],
    ...(hostFrom === undefined ? {} : { hostPort: hostFrom + index }),
  }));
}

/** As the API calls it. */
export function portKey({ containerPort, protocol }: PortRequest): string {
  return `${containerPort}/${protocol}`;
}
