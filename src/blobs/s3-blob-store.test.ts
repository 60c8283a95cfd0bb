import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TestBucket, testS3 } from "../../test/support/s3.ts";
import { blobStoreConformance } from "./blob-store.conformance.ts";
import { S3BlobStore } from "./s3-blob-store.ts";

blobStoreConformance("S3", async () => {
  const { dispose, ...bucket } = await testS3();
  const store = new S3BlobStore({ ...bucket, prefix: "under/a prefix/" });
  return {
    store,
    async dispose() {
      await store.close();
      await dispose();
    },
  };
});

describe("S3BlobStore", () => {
  let bucket: TestBucket;
  let store: S3BlobStore;

  beforeEach(async () => {
    bucket = await testS3();
    store = new S3BlobStore(bucket);
  });
  afterEach(async () => {
    await store.close();
    await bucket.dispose();
  });

  it("stores a large body of unknown length in parts, and leaves no part behind when it fails", async () => {
    const megabyte = randomBytes(1024 * 1024);
    async function* body(failAfter: number) {
      for (let i = 0; i < 20; i++) {
        if (i === failAfter) throw new Error("the sender went away");
        yield megabyte;
      }
    }
    expect(await store.put("large", body(99))).toMatchObject({ sizeBytes: 20 * 1024 * 1024 });
    const { body: read } = await store.get("large", { start: 19 * 1024 * 1024 });
    expect(Buffer.compare(await collect(read), megabyte)).toBe(0);
    await expect(store.put("broken", body(18))).rejects.toThrow("the sender went away");
    const { sdk, client } = await store.sdk();
    const uploads = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket: bucket.bucket }));
    expect(uploads.Uploads ?? []).toEqual([]);
    expect(await store.stat("broken")).toBeUndefined();
  });

  it("stores a large body in memory, with ifAbsent as well", async () => {
    const bytes = randomBytes(9 * 1024 * 1024);
    await store.put("large", bytes, { ifAbsent: true });
    expect(Buffer.compare(await collect((await store.get("large")).body), bytes)).toBe(0);
    await expect(store.put("large", bytes, { ifAbsent: true })).rejects.toMatchObject({ code: "Conflict" });
  });

  it("lists more than one page holds", async () => {
    const { client, sdk } = await store.sdk();
    const send = client.send.bind(client);
    // The server's own pages hold 1,000.
    client.send = ((command: { input: object }, ...rest: []) => {
      if (command instanceof sdk.ListObjectsV2Command) command.input.MaxKeys = 3;
      return send(command as never, ...rest);
    }) as typeof client.send;
    const keys = Array.from({ length: 8 }, (_, i) => `k/${i}`);
    await Promise.all(keys.map((key) => store.put(key, Buffer.from(key))));
    const found: string[] = [];
    for await (const { key } of store.list("k/")) found.push(key);
    expect(found.sort()).toEqual(keys);
  });

  it.each([
    ["a bucket that is not there", { bucket: "no-such-bucket" }, /there is no bucket no-such-bucket at http/],
    ["an unknown access key", { accessKeyId: "nobody:nothing" }, /access key|right/],
    ["a wrong secret", { secretAccessKey: "wrong" }, /secret access key/],
    ["another's bucket", { accessKeyId: "slipway:stranger" }, /no right/],
  ])("says clearly that it was given %s", async (_, wrong, message) => {
    const other = new S3BlobStore({ ...bucket, ...wrong });
    await expect(other.check()).rejects.toMatchObject({
      code: "Permanent",
      message: expect.stringMatching(message),
    });
    await expect(other.put("k", Buffer.from("x"))).rejects.toMatchObject({ code: "Permanent" });
    await other.close();
  });
});

describe("S3BlobStore with a server that is not well", () => {
  let server: Server | undefined;
  afterEach(() => new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined))));

  async function storeAt(handler: Parameters<typeof createServer>[1]): Promise<S3BlobStore> {
    const started = createServer(handler as never);
    server = started;
    await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
    return storeOn((started.address() as AddressInfo).port);
  }

  it("says Transient where nobody listens", async () => {
    const store = await storeAt(() => {});
    await new Promise((resolve) => server?.close(resolve));
    server = undefined;
    await expect(store.put("k", Buffer.from("x"))).rejects.toMatchObject({ code: "Transient" });
    await expect(store.get("k")).rejects.toMatchObject({ code: "Transient", message: /cannot be reached/ });
  });

  it.each([
    [500, "InternalError", "Transient"],
    [503, "ServiceUnavailable", "Transient"],
    [503, "SlowDown", "Transient"],
    [403, "AccessDenied", "Permanent"],
    [403, "RequestTimeTooSkewed", "Permanent"],
    [507, "XMinioStorageFull", "QuotaExceeded"],
    [400, "SomethingElse", "Permanent"],
  ])("takes the answer %i %s for %s", async (status, name, code) => {
    const store = await storeAt((_request, response) => {
      response.writeHead(status, { "content-type": "application/xml" });
      response.end(`<?xml version="1.0"?><Error><Code>${name}</Code><Message>m</Message></Error>`);
    });
    await expect(store.get("k")).rejects.toMatchObject({ name: "ExecError", code });
    await store.close();
  });

  it("fails the body with Transient where the connection ends in the middle of it", async () => {
    const store = await storeAt((_request, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half", () => response.socket?.destroy());
    });
    const { body } = await store.get("k");
    await expect(collect(body)).rejects.toMatchObject({ name: "ExecError", code: "Transient" });
    await store.close();
  });

  it.each([
    ["refuses the second conditional write", 412, true],
    ["takes no notice of the condition", 200, false],
    ["has no conditional writes", 501, false],
  ])("finds out that a server %s", async (_, second, conditional) => {
    const conditions: (string | undefined)[] = [];
    let trials = 0;
    const store = await storeAt((request, response) => {
      request.resume();
      if (request.url?.includes("/.trial-")) {
        const status = request.method === "PUT" && (trials++ > 0 || second === 501) ? second : 200;
        response.writeHead(status).end();
      } else if (request.method === "PUT") {
        conditions.push(request.headers["if-none-match"]);
        response.writeHead(200).end();
      } else {
        response.writeHead(conditions.length === 0 ? 404 : 200).end();
      }
    });
    await store.put("k", Buffer.from("x"), { ifAbsent: true });
    expect(conditions).toEqual([conditional ? "*" : undefined]);
    await store.close();
  });
});

function storeOn(port: number): S3BlobStore {
  return new S3BlobStore({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    bucket: "bucket",
    accessKeyId: "id",
    secretAccessKey: "secret",
    attempts: 1,
  });
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
