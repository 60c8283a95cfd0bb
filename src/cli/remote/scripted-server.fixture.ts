/** A server of a test's own on this machine: what it answers is said by a function. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

export interface ScriptedServer {
  readonly address: string;
  readonly asked: readonly Asked[];
}

/** A value is answered as JSON with 200; undefined: the function has answered itself. */
export type Answers = (asked: Asked, response: ServerResponse) => unknown;

export async function scriptedServer(answers: Answers): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((text) => {
      const one: Asked = {
        method: request.method ?? "",
        path: request.url ?? "",
        authorization: request.headers.authorization,
        body: text === "" ? undefined : JSON.parse(text),
      };
      asked.push(one);
      const value = answers(one, response);
      if (value !== undefined)
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
      else if (!response.headersSent)
        problem(response, 404, { code: "NotFound", detail: "There is no such thing." });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export function problem(response: ServerResponse, status: number, body: object): undefined {
  response.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(body));
  return undefined;
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}
