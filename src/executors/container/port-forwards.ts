import { connect, createServer, type Server, type Socket } from "node:net";
import { ExecError } from "../../errors.ts";
import type { PortForward } from "../../protocol/job-request.ts";

export interface OpenForwards {
  /** Ends all connections too. */
  close(): void;
}

const LOOPBACKS = ["127.0.0.1", "::1"];

/**
 * Listens on the loopback of this network namespace and hands every connection on, both ways, each way ended by itself, and
 * no faster than the other side takes it. Rejects with `ExecError` where a port of IPv4 cannot be had; IPv6 may be missing.
 */
export async function openForwards(forwards: readonly PortForward[]): Promise<OpenForwards> {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const close = () => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
  };
  try {
    for (const { listenPort, to } of forwards) {
      for (const host of LOOPBACKS) {
        const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
          const far = connect({
            ...("socket" in to ? { path: to.socket } : { host: to.host, port: to.port, noDelay: true }),
            allowHalfOpen: true,
          });
          keep(near);
          keep(far);
          join(near, far);
        });
        if (await listens(server, host, listenPort)) servers.push(server);
      }
    }
    return { close };
  } catch (error) {
    close();
    throw error;
  }
}

/** `pipe` passes on the end of one way; a side that breaks takes the other with it. */
function join(near: Socket, far: Socket): void {
  near.pipe(far);
  far.pipe(near);
  near.once("close", () => far.destroy());
  far.once("close", () => near.destroy());
}

/** False: this machine has no such address. */
async function listens(server: Server, host: string, port: number): Promise<boolean> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, ipv6Only: true }, resolve);
    });
    // What goes wrong later with one connection is that connection's own.
    server.on("error", () => {});
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (host === "::1" && code !== "EADDRINUSE") return false;
    throw new ExecError(
      "Permanent",
      code === "EADDRINUSE"
        ? `Port ${port} of the job's loopback is in use already: what the job reaches there cannot be handed on.`
        : `Port ${port} of the job's loopback cannot be listened on: ${message}.`,
      { cause: error },
    );
  }
}
