import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { Frame } from "../../../protocol/frame.ts";
import { COMMANDS_PATH } from "../../../protocol/push-protocol.ts";
import { readFrames } from "../frame-batch.ts";

/** What a POST of frames is answered with; as text it is sent as it is. `cut`: the connection is reset instead. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly body?: object | string;
  readonly headers?: { readonly [name: string]: string };
}

export interface ScriptedServer {
  readonly url: string;
  /** The numbers of first and last frame of each POST, and whether it was compressed. */
  readonly posts: {
    readonly first: number;
    readonly last: number;
    readonly sizeBytes: number;
    readonly packed: boolean;
  }[];
  /** Of the last answer that took them, each frame once. */
  readonly taken: Frame[];
  close(): Promise<void>;
}

/** Takes what is the next frame, as an honest server does. */
export type Accept = () => ScriptedAnswer;

/**
 * A server whose every answer is scripted: `respond` is called for each POST, counted from 1. Commands are never given; whoever
 * asks for them waits.
 */
export async function scriptedServer(
  respond: (
    nth: number,
    accept: Accept,
    frames: readonly Frame[],
  ) => ScriptedAnswer | "cut" | Promise<ScriptedAnswer | "cut">,
): Promise<ScriptedServer> {
  const posts: ScriptedServer["posts"][number][] = [];
  const taken: Frame[] = [];
  const server = createServer(async (request, response) => {
    if (request.url?.startsWith(COMMANDS_PATH)) return;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const packed = request.headers["content-encoding"] === "gzip";
    const bytes = packed ? gunzipSync(Buffer.concat(chunks)) : Buffer.concat(chunks);
    const frames = readFrames(bytes);
    posts.push({
      first: frames[0]?.seq ?? 0,
      last: frames.at(-1)?.seq ?? 0,
      sizeBytes: bytes.length,
      packed,
    });
    const accept: Accept = () => {
      const last = taken.at(-1)?.seq ?? 0;
      const isNext = (frames[0]?.seq ?? 0) <= last + 1;
      if (isNext) taken.push(...frames.filter(({ seq }) => seq > last));
      return { status: isNext ? 200 : 409, body: { accepted: taken.at(-1)?.seq ?? 0 } };
    };
    const answer = await respond(posts.length, accept, frames);
    if (answer === "cut") {
      request.socket.resetAndDestroy();
      return;
    }
    const { status, body = "", headers = {} } = answer;
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    taken,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
