import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type TcpProxy, tcpProxy } from "./tcp-proxy.ts";

describe("a TCP proxy", () => {
  let echo: Server;
  let proxy: TcpProxy;
  const clients: Socket[] = [];

  beforeEach(async () => {
    echo = createServer((socket) => socket.on("error", () => {}).pipe(socket));
    await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
    proxy = await tcpProxy((echo.address() as AddressInfo).port);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy.close();
    await new Promise((resolve) => echo.close(resolve));
  });

  function open() {
    const client = connect(proxy.port, "127.0.0.1");
    clients.push(client);
    const seen = { text: "", closed: false };
    client.on("data", (chunk) => {
      seen.text += chunk.toString();
    });
    client.on("error", () => {});
    client.on("close", () => {
      seen.closed = true;
    });
    return { client, seen };
  }

  it("passes bytes both ways", async () => {
    const { client, seen } = open();
    client.write("hello");
    await vi.waitFor(() => expect(seen.text).toBe("hello"));
    expect(proxy.connections).toBe(1);
  });

  it("holds bytes, of old and new connections, and passes them when it resumes", async () => {
    const old = open();
    old.client.write("1");
    await vi.waitFor(() => expect(old.seen.text).toBe("1"));
    proxy.hold();
    old.client.write("2");
    const fresh = open();
    fresh.client.write("3");
    await vi.waitFor(() => expect(proxy.connections).toBe(2));
    await new Promise(setImmediate);
    expect([old.seen, fresh.seen]).toEqual([
      { text: "1", closed: false },
      { text: "", closed: false },
    ]);
    proxy.resume();
    await vi.waitFor(() => expect([old.seen.text, fresh.seen.text]).toEqual(["12", "3"]));
  });

  it("cuts every connection and refuses new ones until it resumes", async () => {
    const old = open();
    old.client.write("1");
    await vi.waitFor(() => expect(old.seen.text).toBe("1"));
    proxy.cut();
    await vi.waitFor(() => expect(old.seen.closed).toBe(true));
    const refused = open();
    await vi.waitFor(() => expect(refused.seen.closed).toBe(true));
    proxy.resume();
    const fresh = open();
    fresh.client.write("4");
    await vi.waitFor(() => expect(fresh.seen.text).toBe("4"));
  });

  it("tells one side when the other is gone", async () => {
    const { client, seen } = open();
    client.write("1");
    await vi.waitFor(() => expect(seen.text).toBe("1"));
    client.destroy();
    await vi.waitFor(() => expect(proxy.connections).toBe(0));
  });
});
