/** Requests to a test cluster as bytes go over the wire, for tests that want to see exactly what comes back. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import * as k8s from "@kubernetes/client-node";
import type { TestCluster } from "./test-cluster.ts";

export interface Answer {
  readonly code: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  /** Of JSON. */
  readonly body: AnswerBody;
}

export interface AnswerBody {
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly status?: unknown;
  readonly details?: {
    readonly causes?: readonly {
      readonly reason?: string;
      readonly message: string;
      readonly field?: string;
    }[];
    readonly [field: string]: unknown;
  };
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly [field: string]: unknown;
  };
  readonly items: readonly AnswerBody[];
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export interface AskOptions {
  readonly user?: string;
  readonly contentType?: string;
  readonly token?: string;
}

/** Opens the request; resolves when the answer begins. */
export function open(
  cluster: TestCluster,
  method: string,
  path: string,
  body?: unknown,
  { user = "admin", contentType = "application/json", token }: AskOptions = {},
): Promise<IncomingMessage> {
  const url = new URL(path, cluster.url);
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const bytes = Buffer.from(typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      {
        method,
        agent: false,
        ...(cluster.ca === undefined ? {} : { ca: cluster.ca }),
        headers: {
          Authorization: `Bearer ${token ?? cluster.token(user)}`,
          "Content-Type": contentType,
          "Content-Length": bytes.length,
        },
      },
      resolve,
    );
    request.on("error", reject);
    request.end(bytes);
  });
}

export async function ask(
  cluster: TestCluster,
  method: string,
  path: string,
  body?: unknown,
  options: AskOptions = {},
): Promise<Answer> {
  const message = await open(cluster, method, path, body, options);
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const json = message.headers["content-type"]?.includes("json") === true;
  return {
    code: message.statusCode ?? 0,
    headers: message.headers,
    text,
    body: (json ? JSON.parse(text) : {}) as AnswerBody,
  };
}

export interface WatchEvent {
  readonly type: string;
  readonly object: AnswerBody;
}

export interface OpenWatch {
  readonly events: readonly WatchEvent[];
  /** Resolves when the events seen so far satisfy that; rejects when the watch ends before. */
  until(holds: (events: readonly WatchEvent[]) => boolean): Promise<readonly WatchEvent[]>;
  readonly ended: Promise<"end" | "cut">;
  close(): void;
}

export async function watch(
  cluster: TestCluster,
  path: string,
  options: AskOptions = {},
): Promise<OpenWatch> {
  const separator = path.includes("?") ? "&" : "?";
  const message = await open(cluster, "GET", `${path}${separator}watch=true`, undefined, options);
  const events: WatchEvent[] = [];
  const waiting = new Set<() => void>();
  let held = "";
  let over = false;
  message.setEncoding("utf8");
  message.on("data", (text: string) => {
    const lines = `${held}${text}`.split("\n");
    held = lines.pop() ?? "";
    for (const line of lines) events.push(JSON.parse(line) as WatchEvent);
    for (const look of waiting) look();
  });
  const ended = new Promise<"end" | "cut">((resolve) => {
    message.on("end", () => resolve("end"));
    message.on("error", () => resolve("cut"));
    message.on("close", () => resolve(message.complete ? "end" : "cut"));
  });
  void ended.then(() => {
    over = true;
    for (const look of waiting) look();
  });
  return {
    events,
    ended,
    until: (holds) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!holds(events) && !over) return;
          waiting.delete(look);
          if (holds(events)) resolve(events);
          else reject(new Error(`The watch ended after ${JSON.stringify(events.map(({ type }) => type))}`));
        };
        waiting.add(look);
        look();
      }),
    close: () => message.destroy(),
  };
}

/** Clients of the official library, by the cluster's kubeconfig. */
export function officialClients(cluster: TestCluster, user = "admin") {
  const config = new k8s.KubeConfig();
  config.loadFromFile(cluster.kubeconfig(user));
  return {
    config,
    core: config.makeApiClient(k8s.CoreV1Api),
    batch: config.makeApiClient(k8s.BatchV1Api),
    log: new k8s.Log(config),
    watch: new k8s.Watch(config),
  };
}

/** A job of one container, as small as Kubernetes takes it. */
export function jobBody(name: string, over: Readonly<Record<string, unknown>> = {}, pod: object = {}) {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: { backoffLimit: 0, template: { spec: podSpec(pod) }, ...over },
  };
}

export function podBody(name: string, pod: object = {}, metadata: object = {}) {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, ...metadata }, spec: podSpec(pod) };
}

function podSpec(over: object) {
  return { restartPolicy: "Never" as const, containers: [{ name: "main", image: "app:1" }], ...over };
}
