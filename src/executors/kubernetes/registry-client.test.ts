import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parseImageReference, RegistryClient } from "./registry-client.ts";

/** A registry that holds `me/app:1`, for amd64 alone, behind a token that is given for a login. */
let server: Server;
let host: string;
beforeEach(async () => {
  const login = `Basic ${Buffer.from("me:secret").toString("base64")}`;
  const answers: { readonly [path: string]: unknown } = {
    "/v2/me/app/manifests/1": {
      manifests: [{ digest: "sha256:m", platform: { os: "linux", architecture: "amd64" } }],
    },
    "/v2/me/app/manifests/sha256:m": { config: { digest: "sha256:c" } },
    "/v2/me/app/blobs/sha256:c": { config: { Entrypoint: ["/app"], Cmd: ["serve"] } },
  };
  server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://x");
    const { authorization } = request.headers;
    if (url.pathname === "/token") {
      const good = authorization === login && url.searchParams.get("scope") === "repository:me/app:pull";
      response.writeHead(good ? 200 : 401).end(good ? '{"token":"t"}' : "wrong login");
    } else if (authorization !== "Bearer t") {
      response
        .writeHead(401, { "WWW-Authenticate": `Bearer realm="http://${host}/token",service="r"` })
        .end();
    } else {
      const answer = answers[url.pathname];
      response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? "manifest unknown"));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const client = () => new RegistryClient({ fetch, insecure: [host] });
const LOGIN = { username: "me", password: "secret" };
const never = new AbortController().signal;

it("finds what an image starts, through an index, with a token for the login", async () => {
  expect(await client().imageConfig(`${host}/me/app:1`, "amd64", LOGIN, never)).toEqual({
    entrypoint: ["/app"],
    command: ["serve"],
  });
});

it.each([
  ["another architecture", "me/app:1", "arm64" as const, LOGIN, { code: "InvalidSpec" }],
  ["a tag that is not there", "me/app:2", "amd64" as const, LOGIN, { code: "NotFound" }],
  ["a wrong login", "me/app:1", "amd64" as const, { username: "me", password: "no" }, { code: "Forbidden" }],
])("says what is wrong with %s", async (_what, image, arch, login, error) => {
  await expect(client().imageConfig(`${host}/${image}`, arch, login, never)).rejects.toMatchObject(error);
});

it("says that a registry cannot be reached", async () => {
  const image = "127.0.0.1:1/me/app:1";
  const deaf = new RegistryClient({ fetch, insecure: ["127.0.0.1:1"] });
  await expect(deaf.imageConfig(image, "amd64", undefined, never)).rejects.toMatchObject({
    code: "Transient",
  });
});

it.each([
  ["node", { host: "registry-1.docker.io", repository: "library/node", reference: "latest" }],
  ["acme/app:2", { host: "registry-1.docker.io", repository: "acme/app", reference: "2" }],
  ["ghcr.io/o/i@sha256:ab", { host: "ghcr.io", repository: "o/i", reference: "sha256:ab" }],
  ["localhost:5000/i:1@sha256:ab", { host: "localhost:5000", repository: "i", reference: "sha256:ab" }],
])("reads the name %s as a registry does", (image, reference) => {
  expect(parseImageReference(image)).toEqual(reference);
});
