import type { FastifyInstance } from "fastify";
import type { ApiDeps } from "./api-deps.ts";

/** The REST API, live events, the login page and what shares their port. Ready to `listen` or `inject`. */
export async function createApi(_deps: ApiDeps): Promise<FastifyInstance> {
  throw new Error("comes with the routes");
}
