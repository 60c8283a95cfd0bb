import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands between a client and a server, to break what is between them. */
export interface TcpProxy {
  /** Listens here, also while it is cut. */
  readonly port: number;
  /** Connections that are open now. */
  readonly connections: number;
  /** Ends every connection with a reset and refuses new ones, as if the server had died, until `resume`. */
  cut(): void;
  /** Lets no byte through in either direction, of old and new connections, as if the network had died, until `resume`. */
  hold(): void;
  /** Everything goes through again; what was held too, in order. */
  resume(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/**
 * A proxy to a port of 127.0.0.1 (or of `host`) that passes everything through until it is told otherwise. `onBytes` is
 * told what clients say and servers answer, each connection and direction by a number of its own. It listens on 127.0.0.1,
 * or on another address of this machine.
 */
export async function tcpProxy(
  targetPort: number,
  host = "127.0.0.1",
  onBytes?: (stream: number, bytes: Buffer) => void,
  listenOn = "127.0.0.1",
): Promise<TcpProxy> {
  let streams = 0;
  const pairs = new Set<Pair>();
  let state: "open" | "cut" | "held" = "open";

  const listener = createServer({ pauseOnConnect: true }, (client) => {
    if (state === "cut") {
      client.resetAndDestroy();
      return;
    }
    const server = connect(targetPort, host);
    const pair: Pair = { client, server };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.setNoDelay(true).on("error", end).on("close", end);
    server.pause();
    if (onBytes !== undefined) {
      for (const socket of [client, server]) {
        const stream = streams++;
        socket.on("data", (bytes: Buffer) => onBytes(stream, bytes));
      }
    }
    if (state === "open") flow(pair);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(0, listenOn, resolve);
  });

  return {
    port: (listener.address() as AddressInfo).port,
    get connections() {
      return pairs.size;
    },
    cut() {
      state = "cut";
      for (const { client, server } of [...pairs]) {
        client.resetAndDestroy();
        server.resetAndDestroy();
      }
    },
    hold() {
      state = "held";
      for (const { client, server } of pairs) {
        client.unpipe(server).pause();
        server.unpipe(client).pause();
      }
    },
    resume() {
      if (state === "held") for (const pair of pairs) flow(pair);
      state = "open";
    },
    async close() {
      for (const { client, server } of [...pairs]) {
        client.destroy();
        server.destroy();
      }
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

function flow({ client, server }: Pair): void {
  client.pipe(server);
  server.pipe(client);
}
