import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";

export type FaultAction =
  /** Instead of an answer: the daemon never hears of the call. */
  | { readonly kind: "status"; readonly status: number; readonly message: string }
  /** The daemon hears of it, and its answer comes late. */
  | { readonly kind: "late"; readonly ms: number }
  /** The daemon does it, and its answer is lost with the connection. */
  | { readonly kind: "unheard" }
  /** The daemon does it; what comes is no HTTP. */
  | { readonly kind: "garbage" }
  /** The daemon does it; what comes is half of its answer, as if it were all. */
  | { readonly kind: "half" };

export interface Fault {
  readonly method: string;
  /** Of the path, without its query. */
  readonly path: RegExp;
  readonly action: FaultAction;
  /** So many calls at first go by. Absent: none. */
  readonly after?: number;
  /** How many calls it hits. Absent: one. */
  readonly times?: number;
}

/** A socket in front of a daemon's which reads the calls, and answers some of them as a daemon in trouble does. */
export class FaultyWire {
  readonly path: string;
  readonly #target: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #faults: { readonly fault: Fault; seen: number }[] = [];
  /** How many calls were hit. */
  hits = 0;

  private constructor(path: string, target: string) {
    this.path = path;
    this.#target = target;
    this.#server = createServer((call, answer) => void this.#take(call, answer));
    this.#server.on("upgrade", (call: IncomingMessage, near: Socket, head: Buffer) =>
      this.#upgrade(call, near, head),
    );
    this.#server.on("connection", (socket) => this.#keep(socket));
  }

  static async open(path: string, target: string): Promise<FaultyWire> {
    const wire = new FaultyWire(path, target);
    wire.#server.listen(path);
    await once(wire.#server, "listening");
    return wire;
  }

  set(...faults: Fault[]): void {
    this.#faults = faults.map((fault) => ({ fault, seen: 0 }));
  }

  /** Ends all connections; new ones are taken. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.drop();
    rmSync(this.path, { force: true });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #hit({ method, url = "" }: IncomingMessage): FaultAction | undefined {
    const path = url.replace(/\?.*$/, "");
    for (const each of this.#faults) {
      const { fault, seen } = each;
      if (fault.method !== method || !fault.path.test(path)) continue;
      each.seen += 1;
      const after = fault.after ?? 0;
      if (seen < after || seen >= after + (fault.times ?? 1)) continue;
      this.hits += 1;
      return fault.action;
    }
    return undefined;
  }

  async #take(call: IncomingMessage, answer: ServerResponse): Promise<void> {
    const action = this.#hit(call);
    if (action?.kind === "status") {
      call.resume();
      answer.writeHead(action.status, { "content-type": "application/json" });
      answer.end(JSON.stringify({ message: action.message }));
      return;
    }
    const { method = "GET", url = "/", headers } = call;
    const far = request({ socketPath: this.#target, method, path: url, headers, agent: false });
    far.on("error", () => answer.destroy());
    answer.once("close", () => far.destroy());
    call.pipe(far);
    const [daemon] = (await once(far, "response").catch(() => [])) as [IncomingMessage?];
    if (daemon === undefined) return;
    daemon.on("error", () => answer.destroy());
    if (action?.kind === "late") await new Promise((resolve) => setTimeout(resolve, action.ms));
    // The head of an answer comes once the daemon has done what it was asked.
    if (action?.kind === "unheard" || action?.kind === "garbage") {
      if (action.kind === "garbage") call.socket.write("\u0000\u0001 nothing that anybody can read\r\n\r\n");
      call.socket.destroySoon();
      daemon.destroy();
      return;
    }
    if (action?.kind === "half") {
      const chunks: Buffer[] = [];
      for await (const chunk of daemon) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      answer.writeHead(daemon.statusCode ?? 500, { "content-type": "application/json" });
      answer.end(body.subarray(0, body.length / 2));
      return;
    }
    answer.writeHead(daemon.statusCode ?? 500, daemon.headers);
    answer.flushHeaders();
    daemon.pipe(answer);
  }

  /** Attaching: both sides speak freely after the head. */
  #upgrade(call: IncomingMessage, near: Socket, head: Buffer): void {
    const action = this.#hit(call);
    if (action?.kind === "status") {
      const body = JSON.stringify({ message: action.message });
      near.end(
        `HTTP/1.1 ${action.status} Trouble\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      return;
    }
    if (action?.kind === "garbage") {
      near.end("\u0000\u0001 nothing that anybody can read\r\n\r\n");
      return;
    }
    if (action?.kind === "unheard") {
      near.destroy();
      return;
    }
    const far = connect({ path: this.#target, allowHalfOpen: true });
    this.#keep(far);
    const lines = [`${call.method} ${call.url} HTTP/1.1`];
    for (let i = 0; i < call.rawHeaders.length; i += 2)
      lines.push(`${call.rawHeaders[i]}: ${call.rawHeaders[i + 1]}`);
    far.write(`${lines.join("\r\n")}\r\n\r\n`);
    far.write(head);
    near.pipe(far);
    far.pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  }
}
