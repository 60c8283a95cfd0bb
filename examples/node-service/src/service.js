import { createServer } from "node:http";
import { Links } from "./links.js";
import { stamp } from "./stamp.js";

const MAX_BODY = 4096;

async function body(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MAX_BODY) throw new RangeError("The address is too long");
  }
  return text.trim();
}

/** @param {{links?: Links, now?: () => Date, version?: string}} options */
export function createService({ links = new Links(), now = () => new Date(), version = "dev" } = {}) {
  return createServer(async (request, response) => {
    const answer = (status, value, headers = {}) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(`${JSON.stringify(value)}\n`);
    };
    try {
      if (request.method === "GET" && request.url === "/health") {
        answer(200, { status: "ok", version, links: links.size, at: stamp(now()) });
      } else if (request.method === "POST" && request.url === "/links") {
        answer(201, { name: links.add(await body(request)) });
      } else if (request.method === "GET") {
        const address = links.find(request.url.slice(1));
        if (address === undefined) answer(404, { error: "No such link" });
        else answer(302, { address }, { location: address });
      } else {
        answer(405, { error: "Method not allowed" });
      }
    } catch (error) {
      answer(400, { error: error.message });
    }
  });
}
