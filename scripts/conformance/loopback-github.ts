import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface LoopbackGithub {
  /** `http://127.0.0.1:port`: repositories at `/owner/name`, the interface at `/api`. */
  readonly address: string;
  close(): Promise<void>;
}

/** As much of a GitHub server as actions/checkout and actions/github-script ask for: git over HTTP, issues, a default branch. */
export async function startLoopbackGithub(repositories: string): Promise<LoopbackGithub> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://loopback");
    if (url.pathname.startsWith("/api/")) answerApi(url.pathname.slice(4), response);
    else serveGit(repositories, url, request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function answerApi(path: string, response: ServerResponse): void {
  const issue = /^\/repos\/acme\/app\/issues\/(\d+)$/.exec(path)?.[1];
  const answer =
    issue !== undefined
      ? { title: `issue ${issue}`, number: Number(issue) }
      : path === "/repos/acme/library"
        ? { default_branch: "trunk" }
        : undefined;
  response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(answer ?? { message: "Not Found" }));
}

/** Git's own CGI program: https://git-scm.com/docs/git-http-backend */
function serveGit(root: string, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const path = url.pathname.replace(/^(\/[^/]+\/[^/]+?)(?:\.git)?(?=\/(?:info|git-upload-pack))/, "$1.git");
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      PATH_INFO: path,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.on("close", () => {
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf("\r\n\r\n");
    const fields = answer.subarray(0, end).toString().split("\r\n");
    const headers = fields.map((field) => field.split(/:\s*/, 2) as [string, string]);
    const status = headers.find(([name]) => name === "Status")?.[1];
    for (const [name, value] of headers) if (name !== "Status") response.setHeader(name, value);
    response.writeHead(Number(status?.slice(0, 3) ?? 200));
    response.end(answer.subarray(end + 4));
  });
}
