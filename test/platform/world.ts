// What the suites of the whole path share: a platform, a repository, a project, a collector of traces.
import { writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiProject } from "../support/api-project.ts";
import { git } from "../support/git.ts";
import { embeddedPlatform, type Platform, splitPlatform } from "../support/platform.ts";
import { FILES } from "./path-repository.ts";

export interface World {
  readonly platform: Platform;
  readonly project: ApiProject;
  readonly repository: string;
  readonly collector: Receiver;
  /** A path that does not exist until `open` makes it. */
  gate(): { readonly path: string; open(): void };
  close(): Promise<void>;
}

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP server that keeps what is posted to it. */
export interface Receiver {
  readonly address: string;
  readonly received: readonly Received[];
  /** What it answers from now on. */
  status: number;
  close(): Promise<void>;
}

export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const answer = { status: 200 };
  const server: Server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      received.push({ path: request.url ?? "", headers: request.headers, body });
      response.writeHead(answer.status, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    get status() {
      return answer.status;
    },
    set status(status: number) {
      answer.status = status;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function openWorld(kind: Platform["name"]): Promise<World> {
  const collector = await openReceiver();
  const env = {
    SLIPWAY_TRACES_URL: `${collector.address}/v1/traces`,
    SLIPWAY_WORKER_MAX_JOBS: "8",
    SLIPWAY_ACTIONS_OFFLINE: "true",
    SLIPWAY_STOP_TIMEOUT: "2s",
  };
  const platform = await (kind === "embedded" ? embeddedPlatform : splitPlatform)({ env });
  const { box } = platform;
  const repository = box.repository("repository", FILES);
  git(repository, "tag", "v1");
  git(repository, "checkout", "-q", "-b", "feature/two");
  writeFileSync(`${repository}/version.txt`, "two\n");
  git(repository, "rm", "-q", ".workflows/one.yml");
  git(repository, "commit", "-qam", "The second version");
  git(repository, "checkout", "-q", "main");
  const project = await ApiProject.add(() => platform.api, "acme/shop", repository);
  let gates = 0;
  return {
    platform,
    project,
    repository,
    collector,
    gate() {
      gates += 1;
      const path = box.join(`gate-${gates}`);
      return { path, open: () => writeFileSync(path, "") };
    },
    async close() {
      await platform.stop();
      await collector.close();
    },
  };
}
