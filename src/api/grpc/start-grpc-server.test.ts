import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import { ExecutorService as WireExecutor } from "./gen/ci/v1/executor_pb.ts";
import { GrpcExecutorService } from "./grpc-executor-service.ts";
import { type GrpcChannel, openGrpcChannel } from "./open-grpc-channel.ts";
import { bareBuild, fullView } from "./records.fixture.ts";
import {
  type Offered,
  type ScriptedServer,
  SERVICE_SECRET,
  startScripted,
} from "./scripted-services.fixture.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(offered: Offered): Promise<ScriptedServer> {
  const server = await startScripted(offered);
  closing.push(() => server.close(1_000));
  return server;
}

function channelTo(server: Pick<ScriptedServer, "url">): GrpcChannel {
  const channel = openGrpcChannel({ url: server.url, bearer: SERVICE_SECRET });
  closing.push(() => channel.close());
  return channel;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const item of items) seen.push(item);
  return seen;
}

describe("one port", () => {
  const grpcWeb = (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" });
  it.each([
    ["Connect over HTTP/1.1", (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
    ["Connect over HTTP/2", (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "2" })],
    ["gRPC-Web over HTTP/1.1", grpcWeb],
  ])("speaks %s too", async (_, transport) => {
    const server = await serve({
      executor: {
        getBuild: async () => fullView,
        async *watchBuild() {
          yield fullView;
          yield { ...fullView, build: { ...bareBuild, status: "succeeded" } };
        },
      },
    });
    const client = createClient(WireExecutor, transport(server.url));
    const headers = { authorization: `Bearer ${SERVICE_SECRET}` };
    expect((await client.getBuild({ buildId: "b1" }, { headers })).view?.build?.id).toBe("b1");
    expect(await all(client.watchBuild({ buildId: "b1" }, { headers }))).toHaveLength(2);
    await expect(client.getBuild({ buildId: "b1" })).rejects.toThrow("unauthenticated");
  });

  it("answers plain JSON of a shell's curl, byte by byte if need be", async () => {
    const server = await serve({ executor: { getBuild: async () => fullView } });
    const body = JSON.stringify({ buildId: "b1" });
    const { connect } = await import("node:net");
    const socket = connect(server.port, "127.0.0.1");
    const answer = (async () => {
      let text = "";
      for await (const chunk of socket) text += chunk;
      return text;
    })();
    const head = [
      "POST /ci.v1.ExecutorService/GetBuild HTTP/1.1",
      "Host: x",
      "Connection: close",
      "Content-Type: application/json",
      `Authorization: Bearer ${SERVICE_SECRET}`,
      `Content-Length: ${body.length}`,
    ];
    for (const part of ["P", "O", head.join("\r\n").slice(2), `\r\n\r\n${body}`]) {
      await new Promise((resolve) => socket.write(part, resolve));
      await new Promise(setImmediate);
    }
    expect(await answer).toContain('"status":"BUILD_STATUS_RUNNING"');
  });

  describe("with TLS", () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-tls-"));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it("speaks both versions of HTTP to those who trust its certificate, and to nobody else", async () => {
      const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
      const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
      const made = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-keyout",
        keyFile,
        "-out",
        certFile,
      ];
      execFileSync("openssl", ["req", "-x509", "-nodes", "-days", "2", ...made, ...subject], {
        stdio: "ignore",
      });
      const [key, cert] = [readFileSync(keyFile, "utf8"), readFileSync(certFile, "utf8")];
      const server = await serve({
        options: { tls: { key, cert } },
        executor: { getBuild: async () => fullView },
      });
      expect(server.url).toMatch(/^https:/);
      const channel = openGrpcChannel({ url: server.url, bearer: SERVICE_SECRET, ca: cert });
      closing.push(() => channel.close());
      const executor = new GrpcExecutorService(channel, { clock: systemClock });
      expect(await executor.getBuild("b1")).toStrictEqual(fullView);
      const web = createGrpcWebTransport({
        baseUrl: server.url,
        httpVersion: "1.1",
        nodeOptions: { ca: cert },
      });
      const headers = { authorization: `Bearer ${SERVICE_SECRET}` };
      const { view: got } = await createClient(WireExecutor, web).getBuild({ buildId: "b1" }, { headers });
      expect(got?.build?.id).toBe("b1");
      const stranger = new GrpcExecutorService(channelTo(server), { clock: systemClock });
      await expect(stranger.getBuild("b1")).rejects.toBeInstanceOf(ExecError);
    });
  });

  it("that is taken is told as such", async () => {
    const { port } = await serve({});
    await expect(startScripted({ options: { port } })).rejects.toMatchObject({
      code: "Permanent",
      message: `gRPC cannot be served at 127.0.0.1:${port}: the port is taken.`,
    });
  });

  it("closes within its limit, though a call never ends, and only once", async () => {
    const server = await serve({ executor: { getBuild: () => new Promise(() => {}) } });
    const executor = new GrpcExecutorService(channelTo(server), { clock: systemClock });
    const hanging = executor.getBuild("b1").catch((error: unknown) => error);
    await server.close(50);
    await server.close(50);
    expect(await hanging).toMatchObject({ code: "Transient" });
  });
});

it.each(["localhost:9090", "ftp://x", "http://", "http://user@host", "http://host/path"])(
  "%s is no address of a channel",
  (url) => {
    expect(() => openGrpcChannel({ url, bearer: "x" })).toThrow("no address of a gRPC server");
  },
);
