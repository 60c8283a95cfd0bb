import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { layerTar, sha256 } from "../kit/layer-tar.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A registry on this machine's loopback, which daemons speak to without TLS. It has one image, `<host>/app:1`, with one file;
 * `nextAnswers` are given to the next requests for its manifest, in place of it.
 */
export class FakeRegistry {
  readonly host: string;
  readonly nextAnswers: Answer[] = [];
  /** `user:password` that it wants; undefined: nothing. */
  credentials: string | undefined;
  /** Requests for manifests. */
  asked = 0;
  readonly #close: () => void;

  private constructor(host: string, close: () => void) {
    this.host = host;
    this.#close = close;
  }

  static async open(): Promise<FakeRegistry> {
    const arch = process.arch === "arm64" ? "arm64" : "amd64";
    const layer = await layerTar([{ path: "hello", type: "file", content: "x".repeat(100_000) }]);
    const config = Buffer.from(
      JSON.stringify({
        architecture: arch,
        os: "linux",
        config: { Env: ["FROM_REGISTRY=yes"] },
        rootfs: { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] },
      }),
    );
    const blobs = new Map([layer, config].map((blob) => [`sha256:${sha256(blob)}`, blob]));
    const type = "application/vnd.docker.distribution.manifest.v2+json";
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: type,
        config: described(config, "application/vnd.docker.container.image.v1+json"),
        layers: [described(layer, "application/vnd.docker.image.rootfs.diff.tar")],
      }),
    );
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://registry");
      if (!registry.#isAllowed(request)) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="fake"' });
        response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
        return;
      }
      if (pathname === "/v2/") return void response.end("{}");
      if (pathname.includes("/manifests/")) {
        registry.asked += 1;
        const answer = registry.nextAnswers.shift();
        if (answer !== undefined) return answer(request, response);
        if (!pathname.startsWith("/v2/app/manifests/")) return missing(response, "MANIFEST_UNKNOWN");
        const digest = `sha256:${sha256(manifest)}`;
        response.writeHead(200, {
          "content-type": type,
          "content-length": manifest.length,
          "docker-content-digest": digest,
        });
        return void response.end(request.method === "HEAD" ? undefined : manifest);
      }
      const blob = blobs.get(pathname.slice(pathname.lastIndexOf("/") + 1));
      if (blob === undefined) return missing(response, "BLOB_UNKNOWN");
      response.writeHead(200, { "content-length": blob.length });
      response.end(request.method === "HEAD" ? undefined : blob);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const registry = new FakeRegistry(`127.0.0.1:${port}`, () => {
      server.close();
      server.closeAllConnections();
    });
    return registry;
  }

  close(): void {
    this.#close();
  }

  #isAllowed({ headers: { authorization } }: IncomingMessage): boolean {
    if (this.credentials === undefined) return true;
    return authorization === `Basic ${Buffer.from(this.credentials).toString("base64")}`;
  }
}

export function fails(status: number, code: string): Answer {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] }));
  };
}

function missing(response: ServerResponse, code: string): void {
  fails(404, code)({} as IncomingMessage, response);
}

function described(blob: Buffer, mediaType: string): object {
  return { mediaType, size: blob.length, digest: `sha256:${sha256(blob)}` };
}
