import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../../clock.ts";
import { MemoryMailbox } from "../memory-mailbox.ts";
import { PushHandler } from "../push-handler.ts";

/** The server's side of the push protocol, by itself: mailboxes in memory, on a port of 127.0.0.1 (or of `host`). */
export interface MailboxServer {
  readonly mailbox: MemoryMailbox;
  readonly url: string;
  readonly port: number;
  /** Requests for commands that wait now. */
  readonly waiting: number;
  /** What went wrong that is no sender's fault; to be looked at in the end. */
  readonly unexpected: readonly unknown[];
  close(): Promise<void>;
}

/** `url` is what runners are told, where they reach the server by another address than its own. */
export async function startMailboxServer(
  clock: Clock,
  {
    host = "127.0.0.1",
    port: asked = 0,
    url,
  }: { readonly host?: string; readonly port?: number; readonly url?: string } = {},
): Promise<MailboxServer> {
  const unexpected: unknown[] = [];
  let address = "";
  const mailbox = new MemoryMailbox(() => url ?? address, clock);
  const handler = new PushHandler({ inbox: mailbox, clock, onUnexpected: (error) => unexpected.push(error) });
  const server = createServer((request, response) => {
    void handler.handle(request, response).then((mine) => {
      if (!mine) response.writeHead(404).end();
    });
  });
  server.listen(asked, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  address = `http://${host}:${port}`;
  return {
    mailbox,
    url: address,
    port,
    get waiting() {
      return handler.waiting;
    },
    unexpected,
    async close() {
      handler.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
