import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { describeFileError } from "../steps/describe-file-error.ts";

export interface GateListener {
  /** The first that connects. */
  readonly connected: Promise<Socket>;
  close(): void;
}

/** Listens on a unix socket that a gate, perhaps of another user, connects to. Rejects with `ExecError`. */
export async function listenForGate(path: string): Promise<GateListener> {
  const connected = Promise.withResolvers<Socket>();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    connected.resolve(socket);
    server.close();
  });
  try {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o666);
  } catch (error) {
    server.close();
    throw describeFileError(`The socket ${path} for the step's container cannot be made`, error);
  }
  return {
    connected: connected.promise,
    close() {
      server.close();
      rmSync(path, { force: true });
      void connected.promise.then((socket) => socket.destroy());
    },
  };
}
