import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A socket in front of a daemon's. It can be cut, which ends all connections and takes no new ones, and mended. */
export class ToggledSocket {
  readonly path: string;
  readonly #target: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  private constructor(path: string, target: string) {
    this.path = path;
    this.#target = target;
  }

  static async open(path: string, target: string): Promise<ToggledSocket> {
    const socket = new ToggledSocket(path, target);
    await socket.mend();
    return socket;
  }

  /** Ends the connections that there are; new ones are taken. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  cut(): void {
    this.#server?.close();
    this.#server = undefined;
    this.drop();
  }

  async mend(): Promise<void> {
    rmSync(this.path, { force: true });
    const server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ path: this.#target, allowHalfOpen: true });
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.once("close", () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.pipe(near);
    });
    server.listen(this.path);
    await once(server, "listening");
    this.#server = server;
  }

  async close(): Promise<void> {
    this.cut();
    rmSync(this.path, { force: true });
  }
}
