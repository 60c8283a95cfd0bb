import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "../../clock.ts";
import type { EventBus } from "../../events/event-bus.ts";
import { PushHandler } from "../../executors/push/push-handler.ts";
import type { JobTokens } from "../../identity/job-tokens.ts";
import type { Store } from "../../store/store.ts";
import { StoredMailbox, type StoredMailboxOptions } from "./stored-mailbox.ts";

/** One of the servers that runners reach, on a port of its own (of 127.0.0.1, or of `host`). */
export interface RunnerServer {
  readonly mailbox: StoredMailbox;
  readonly handler: PushHandler;
  readonly url: string;
  close(): Promise<void>;
}

export async function startRunnerServer(
  parts: { readonly store: Pick<Store, "runners">; readonly tokens: JobTokens; readonly events: EventBus },
  change: Partial<StoredMailboxOptions> = {},
  host = "127.0.0.1",
): Promise<RunnerServer> {
  const server = createServer((request, response) => void handler.handle(request, response));
  server.listen(0, host);
  await once(server, "listening");
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  const mailbox = new StoredMailbox({ ...parts, clock: systemClock, url, pollMs: 50, ...change });
  const handler = new PushHandler({ inbox: mailbox, clock: systemClock, onUnexpected: () => {} });
  return {
    mailbox,
    handler,
    url,
    async close() {
      handler.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await mailbox.stop();
    },
  };
}
