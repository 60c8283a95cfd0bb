import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../clock.ts";

/**
 * The connections of a server, to end them when it stops: those without a request under way at once (Node forgets those
 * that never had one), the others when their answers are out, at the latest after a limit.
 */
export class OpenConnections {
  /** Socket to its answers under way. */
  readonly #sockets = new Map<Socket, number>();
  #closing = false;

  watch(server: Server): void {
    server.on("connection", (socket) => {
      this.#sockets.set(socket, 0);
      socket.once("close", () => this.#sockets.delete(socket));
      if (this.#closing) socket.destroy();
    });
    server.on("request", ({ socket }, response) => {
      this.#count(socket, 1);
      response.once("close", () => this.#count(socket, -1));
    });
    // From now on it is a WebSocket, which ends in its own way.
    server.on("upgrade", ({ socket }) => this.#sockets.delete(socket));
  }

  close(clock: Pick<Clock, "after">, limitMs: number): void {
    this.#closing = true;
    for (const [socket, busy] of this.#sockets) if (busy === 0) socket.destroy();
    const cancel = clock.after(limitMs, () => {
      for (const socket of this.#sockets.keys()) socket.destroy();
    });
    if (this.#sockets.size === 0) cancel();
    for (const socket of this.#sockets.keys()) {
      socket.once("close", () => {
        if (this.#sockets.size === 0) cancel();
      });
    }
  }

  #count(socket: Socket, change: number): void {
    const busy = this.#sockets.get(socket);
    if (busy === undefined) return;
    this.#sockets.set(socket, busy + change);
    if (this.#closing && busy + change === 0) socket.end();
  }
}
