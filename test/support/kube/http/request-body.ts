/** The body of a request, within the limit of Kubernetes. */
import type { IncomingMessage } from "node:http";
import { parse } from "yaml";
import { ApiError, badRequest } from "../api-error.ts";

/** Upstream: `MaxRequestBodyBytes`. */
const LIMIT_BYTES = 3 * 1024 * 1024;

export async function requestBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMIT_BYTES) {
      throw new ApiError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${LIMIT_BYTES}`);
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (text.trim() === "") return undefined;
  const type = request.headers["content-type"] ?? "application/json";
  if (type.includes("protobuf")) {
    throw new ApiError(
      415,
      "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml",
    );
  }
  try {
    return type.includes("yaml") ? parse(text) : JSON.parse(text);
  } catch (error) {
    throw badRequest(`the object provided is unrecognized (must be of type JSON or YAML): ${String(error)}`);
  }
}
