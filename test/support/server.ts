// Starts the built program as a server, the way its operators do, and talks to it the way its users do.
import { type ChildProcess, spawn } from "node:child_process";
import { cleanEnvironment, programPath } from "./slipway.ts";

export interface ServerOptions {
  /** The server's folder: its home, working folder and data. */
  readonly folder: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** False for a process that serves no API: it is ready once its log says so. */
  readonly servesApi?: boolean;
}

export interface ApiAnswer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

const START_LIMIT_MS = 30_000;

/** A running server. */
export class TestServer {
  readonly pid: number;
  /** `http://127.0.0.1:PORT`; empty without an API. */
  readonly address: string;
  /** Of the first start; empty at a later one. */
  token: string;
  readonly loginLink: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #said: { stdout: string; stderr: string };

  private constructor(
    child: ChildProcess,
    ended: Promise<number | null>,
    said: { stdout: string; stderr: string },
  ) {
    this.#child = child;
    this.#ended = ended;
    this.#said = said;
    this.pid = child.pid ?? 0;
    this.address = /Slipway serves (\S+)/.exec(said.stdout)?.[1] ?? "";
    this.token = /\bslw_[\w-]+/.exec(said.stdout)?.[0] ?? "";
    this.loginLink = /\S+\/login\?code=\S+/.exec(said.stdout)?.[0] ?? "";
  }

  /** Resolves once it serves; rejects with what it said where it ends before that. */
  static async start({ folder, args = [], env = {}, servesApi = true }: ServerOptions): Promise<TestServer> {
    const child = spawn(process.execPath, [programPath, "serve", ...args], {
      cwd: folder,
      env: { ...cleanEnvironment(folder), SLIPWAY_DATA: "data", SLIPWAY_LISTEN: "127.0.0.1:0", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said.stderr += text;
    });
    const ended = new Promise<number | null>((resolve) => {
      child.once("error", (error) => {
        said.stderr += error.message;
        resolve(null);
      });
      child.once("close", (code) => resolve(code));
    });
    let gone = false;
    void ended.then(() => {
      gone = true;
    });
    const ready = () =>
      servesApi ? /Slipway serves \S+\n/.test(said.stdout) : said.stderr.includes('"msg":"ready"');
    await waitFor(
      () => gone || ready(),
      START_LIMIT_MS,
      () => `the server is not ready:\n${said.stdout}\n${said.stderr}`,
    );
    if (gone && !ready()) throw new Error(`the server has ended:\n${said.stdout}\n${said.stderr}`);
    return new TestServer(child, ended, said);
  }

  get stdout(): string {
    return this.#said.stdout;
  }

  /** Its log: JSON lines. */
  get stderr(): string {
    return this.#said.stderr;
  }

  async api<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer<T>> {
    const response = await this.fetch(path, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : text) as T,
    };
  }

  /** As `api`, and throws unless the answer is a good one. */
  async ok<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.api<T>(method, path, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${this.token}`);
    return fetch(`${this.address}${path.startsWith("/") ? path : `/api/v1/${path}`}`, { ...init, headers });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Its exit code; null where a signal ended it. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Asks it to stop, and makes it after a while. */
  async stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 60_000);
    const code = await this.#ended;
    clearTimeout(timer);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Looks again and again until it is so. Throws with `why` where it takes too long. */
export async function waitFor(
  isSo: () => boolean | Promise<boolean>,
  limitMs = 30_000,
  why: () => string = () => "it did not come to be in time",
): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(why());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
