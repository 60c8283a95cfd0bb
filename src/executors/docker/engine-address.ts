import { ExecError } from "../../errors.ts";

/** Where a daemon listens. */
export type EngineAddress =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls: boolean }
  | { readonly kind: "ssh"; readonly host: string; readonly port: number; readonly username: string };

const DEFAULT_SOCKET = "/var/run/docker.sock";

/**
 * Reads what stands in `DOCKER_HOST`: `unix:///path`, `tcp://host:2375`, `ssh://user@host`; empty or absent: the usual
 * socket. `tls`: certificates are given, so that `tcp` is talked to by TLS. Throws `InvalidSpec`.
 */
export function parseEngineAddress(text: string | undefined, tls = false): EngineAddress {
  if (text === undefined || text === "") return { kind: "socket", path: DEFAULT_SOCKET };
  if (text.startsWith("/")) return { kind: "socket", path: text };
  if (text.startsWith("unix://"))
    return { kind: "socket", path: text.slice("unix://".length) || DEFAULT_SOCKET };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const host = url?.hostname.replace(/^\[(.*)\]$/, "$1") ?? "";
  switch (host === "" ? undefined : url?.protocol) {
    case "tcp:":
    case "http:":
    case "https:": {
      const secure = tls || url?.protocol === "https:";
      return { kind: "tcp", host, port: Number(url?.port) || (secure ? 2376 : 2375), tls: secure };
    }
    case "ssh:":
      return {
        kind: "ssh",
        host,
        port: Number(url?.port) || 22,
        username: decodeURIComponent(url?.username ?? ""),
      };
    default:
      throw new ExecError(
        "InvalidSpec",
        `No Docker daemon can be reached at '${text}': an address is like unix:///var/run/docker.sock, tcp://host:2376 or ssh://user@host. It stands in DOCKER_HOST (of a worker, in docker.host).`,
      );
  }
}

/** For people. */
export function addressText(address: EngineAddress): string {
  switch (address.kind) {
    case "socket":
      return `unix://${address.path}`;
    case "tcp":
      return `tcp://${address.host}:${address.port}`;
    case "ssh":
      return `ssh://${address.username === "" ? "" : `${address.username}@`}${address.host}`;
  }
}
