import type { Services, ServicesOptions } from "./services.ts";

/** Starts the services on 127.0.0.1, on a free port. Rejects with `ExecError` where the folders cannot be used. */
export async function startServices(_options: ServicesOptions): Promise<Services> {
  throw new Error("not built yet");
}
