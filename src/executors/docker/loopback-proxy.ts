import { once } from "node:events";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";

/** Where the runner finds the way to a port of the host, in the folder that is shared with it. */
export function socketName(port: number): string {
  return `${port}.sock`;
}

/**
 * Listens on sockets in a folder, one for each port of this machine's loopback, and hands connections on. A container that
 * has the folder mounted reaches those ports so, and no others. A folder that is there is kept: it may be mounted already.
 */
export class LoopbackProxy {
  readonly #folder: string;
  readonly #servers: readonly Server[];
  readonly #sockets: Set<Socket>;

  private constructor(folder: string, servers: readonly Server[], sockets: Set<Socket>) {
    this.#folder = folder;
    this.#servers = servers;
    this.#sockets = sockets;
  }

  static async open(folder: string, ports: readonly number[]): Promise<LoopbackProxy> {
    mkdirSync(folder, { recursive: true });
    const sockets = new Set<Socket>();
    const keep = (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => sockets.delete(socket));
    };
    const servers: Server[] = [];
    for (const port of ports) {
      const path = join(folder, socketName(port));
      rmSync(path, { force: true });
      const server = createServer({ allowHalfOpen: true }, (near) => {
        const far = connect({ host: "localhost", port, allowHalfOpen: true });
        keep(near);
        keep(far);
        near.pipe(far);
        far.pipe(near);
        near.once("close", () => far.destroy());
        far.once("close", () => near.destroy());
      });
      server.listen(path);
      await once(server, "listening");
      // The user of an image may be anybody; who may come here is decided by who has the folder mounted.
      chmodSync(path, 0o777);
      servers.push(server);
    }
    return new LoopbackProxy(folder, servers, sockets);
  }

  /** Ends all connections. `forGood`: the folder goes too; else another may listen there. */
  close(forGood: boolean): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
    if (forGood) rmSync(this.#folder, { recursive: true, force: true });
  }
}
