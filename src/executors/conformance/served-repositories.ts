import { execFileSync, spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { git, makeRepository, type TestFiles, TestFolder } from "../../runner/git/repository.fixture.ts";
import type { ExecutorUnderTest } from "./executor-under-test.ts";
import { plainRequest } from "./plain-request.ts";

/**
 * Repositories over HTTP, for places whose jobs see no folder of the test's: what they need for `checkout` and
 * `publishAction`. It listens on 127.0.0.1, or on an address of this machine that the jobs reach.
 */
export class ServedRepositories {
  readonly url: string;
  readonly #folder: TestFolder;
  readonly #close: () => Promise<void>;

  private constructor(url: string, folder: TestFolder, close: () => Promise<void>) {
    this.url = url;
    this.#folder = folder;
    this.#close = close;
  }

  static async open(address = "127.0.0.1"): Promise<ServedRepositories> {
    const folder = new TestFolder();
    const backend = join(
      execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(),
      "git-http-backend",
    );
    const server = createServer((request, response) => answer(backend, folder.path, request, response));
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    const { port } = server.address() as AddressInfo;
    return new ServedRepositories(`http://${address}:${port}`, folder, async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      folder.remove();
    });
  }

  readonly checkout: NonNullable<ExecutorUnderTest["checkout"]> = async (files) => {
    this.#publish("me/project", files);
    return {
      ...plainRequest("build", "", "/").checkout,
      serverUrl: this.url,
      source: { kind: "git", url: `${this.url}/me/project` },
    };
  };

  readonly publishAction: NonNullable<ExecutorUnderTest["publishAction"]> = async (nameAndRef, files) => {
    const [name = "", ref = ""] = nameAndRef.split("@");
    git(this.#publish(name, files), "tag", ref);
    return { actions: { url: this.url, local: {}, offline: false } };
  };

  close(): Promise<void> {
    return this.#close();
  }

  #publish(name: string, files: TestFiles): string {
    return makeRepository(this.#folder.join(name), files);
  }
}

/** One request of git's, by git's own CGI program. */
function answer(backend: string, root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://x");
  const child = spawn(backend, {
    env: {
      PATH: process.env.PATH ?? "",
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: String(request.headers["content-encoding"] ?? ""),
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  // A request that needs no body may be answered before it was read.
  child.stdin.on("error", () => {});
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdout.on("end", () => {
    const said = Buffer.concat(chunks);
    const end = said.indexOf("\r\n\r\n");
    const head = said.subarray(0, Math.max(end, 0)).toString("latin1").split("\r\n");
    const headers = head.map((line) => [
      line.slice(0, line.indexOf(":")),
      line.slice(line.indexOf(":") + 1).trim(),
    ]);
    const status = headers.find(([name]) => name?.toLowerCase() === "status")?.[1];
    for (const [name = "", value = ""] of headers) {
      if (name !== "" && name.toLowerCase() !== "status") response.setHeader(name, value);
    }
    response.writeHead(end === -1 ? 500 : Number.parseInt(status ?? "200", 10));
    response.end(said.subarray(end + 4));
  });
}
