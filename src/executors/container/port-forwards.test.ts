import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { PortForward } from "../../protocol/job-request.ts";
import { type OpenForwards, openForwards } from "./port-forwards.ts";

let folder: string;
let target: Server;
let accepted: Socket[];
let onConnection: (socket: Socket) => void;
let forwards: OpenForwards | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "forward-"));
  accepted = [];
  onConnection = (socket) => socket.pipe(socket);
  target = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
});
afterEach(async () => {
  forwards?.close();
  forwards = undefined;
  for (const socket of accepted) socket.destroy();
  if (target.listening) await new Promise((resolve) => target.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Forwards a free port to the target. */
async function open(by: "tcp" | "socket" = "tcp"): Promise<number> {
  let to: PortForward["to"];
  if (by === "socket") {
    to = { socket: join(folder, "s") };
    target.listen(to.socket);
    await once(target, "listening");
  } else {
    target.listen(0, "127.0.0.1");
    await once(target, "listening");
    to = { host: "127.0.0.1", port: (target.address() as { port: number }).port };
  }
  const listenPort = await freePort();
  forwards = await openForwards([{ listenPort, to }]);
  return listenPort;
}

async function everything(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

it.each([
  ["127.0.0.1", "tcp"],
  ["127.0.0.1", "socket"],
  ["localhost", "tcp"],
] as const)("hands on what comes for %s by %s, both ways", async (host, by) => {
  const port = await open(by);
  const socket = connect({ host, port });
  socket.end("hello");
  expect((await everything(socket)).toString()).toBe("hello");
});

it("hands the end of one way on while the other goes on", async () => {
  onConnection = async (socket) => {
    const request = await everything(socket);
    socket.end(`got ${request.length} bytes`);
  };
  const socket = connect({ port: await open(), host: "127.0.0.1", allowHalfOpen: true });
  socket.end("12345");
  expect((await everything(socket)).toString()).toBe("got 5 bytes");
});

it("takes no more than the other side does, and loses nothing of it", async () => {
  const content = randomBytes(16 * 1024 * 1024);
  onConnection = (socket) => void socket.pause();
  const socket = connect({ port: await open(), host: "127.0.0.1" });
  await once(socket, "connect");
  let taken = false;
  socket.end(content, () => {
    taken = true;
  });
  while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [far] = accepted;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(taken).toBe(false);
  const received = await everything(far as Socket);
  expect(createHash("sha256").update(received).digest("hex")).toBe(
    createHash("sha256").update(content).digest("hex"),
  );
});

it("serves many at once", async () => {
  const port = await open();
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.end(`${index}`);
      return (await everything(socket)).toString();
    }),
  );
  expect(answers).toEqual(Array.from({ length: 200 }, (_, index) => `${index}`));
});

it("closes a connection whose target is not there, and serves the next when it is", async () => {
  const port = await open("socket");
  await new Promise((resolve) => target.close(resolve));
  const socket = connect({ port, host: "127.0.0.1" });
  expect((await everything(socket).catch(() => Buffer.alloc(0))).length).toBe(0);
  target.listen(join(folder, "s"));
  await once(target, "listening");
  const again = connect({ port, host: "127.0.0.1" });
  again.end("hello");
  expect((await everything(again)).toString()).toBe("hello");
});

it("says which port is taken, and then listens on none", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const free = await freePort();
  const to = { host: "127.0.0.1", port: 1 };
  await expect(
    openForwards([
      { listenPort: free, to },
      { listenPort: port, to },
    ]),
  ).rejects.toThrow(`Port ${port} of the job's loopback is in use already`);
  await new Promise((resolve) => taken.close(resolve));
  const [error] = await once(connect({ port: free, host: "127.0.0.1" }), "error");
  expect(error).toMatchObject({ code: "ECONNREFUSED" });
});

it("ends every connection when it is closed", async () => {
  const port = await open();
  const socket = connect({ port, host: "127.0.0.1" });
  socket.write("x");
  await once(socket, "data");
  socket.on("error", () => {});
  forwards?.close();
  await once(socket, "close");
  const [error] = await once(connect({ port, host: "127.0.0.1" }), "error");
  expect(error).toMatchObject({ code: "ECONNREFUSED" });
});
