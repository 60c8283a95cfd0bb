import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import type { Clock } from "../../clock.ts";
import type { SpawnNews, SpawnOrder } from "./spawner-protocol.ts";

/** So many processes started within so long, in milliseconds: only then a spawner is worth its own start. */
const OFTEN = { starts: 12, withinMs: 1_000 };

/** How to run `spawner-main.ts`. */
export interface SpawnerProgram {
  readonly file: string;
  readonly args: readonly string[];
}

/** "lost": the spawner is gone, and with it the news of how the process ends. */
export type ProcessExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null } | "lost";

export interface SpawnedProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
}

interface Order {
  readonly started: PromiseWithResolvers<SpawnedProcess | undefined>;
  readonly exited: PromiseWithResolvers<ProcessExit>;
}

/**
 * Has processes started by a small process that does nothing else: to start one stops a program for as long as its
 * memory takes to be copied, and a large program pays again when it next writes to that memory.
 *
 * The small process is itself started only for many processes, foreseen or seen. Until it is ready, once it is gone, and
 * where it cannot do its work, `start` says so and the caller starts the process itself.
 */
export class Spawner {
  readonly #program: SpawnerProgram;
  readonly #clock: Clock;
  readonly #often: typeof OFTEN;
  readonly #starts: number[] = [];
  readonly #orders = new Map<number, Order>();
  #child: ChildProcess | undefined;
  #state: "idle" | "starting" | "ready" | "unusable" = "idle";
  #lastId = 0;
  #rest = "";

  constructor(program: SpawnerProgram, clock: Clock, often = OFTEN) {
    this.#program = program;
    this.#clock = clock;
    this.#often = often;
  }

  /** True: `start` is worth a call. */
  get isReady(): boolean {
    return this.#state === "ready";
  }

  /** Many processes are about to be started. */
  prepare(): void {
    if (this.#state === "idle") this.#launch();
  }

  /** The caller starts a process by itself. */
  note(): void {
    if (this.#state !== "idle") return;
    const now = this.#clock.monotonic();
    this.#starts.push(now);
    if (this.#starts.length < this.#often.starts) return;
    const first = this.#starts.shift() ?? now;
    if (now - first <= this.#often.withinMs) this.#launch();
  }

  /**
   * Starts a process in a session of its own. `stdin` and `output` are descriptors of pipes of this program, to be held
   * open until this settles. Undefined: start it yourself. Rejects with the system's error, or because the spawner ended.
   */
  start({ stdin, output, ...what }: StartWish): Promise<SpawnedProcess | undefined> {
    const child = this.#child;
    if (this.#state !== "ready" || child === undefined) return Promise.resolve(undefined);
    const path = (fd: number) => `/proc/${process.pid}/fd/${fd}`;
    const order: SpawnOrder = {
      id: ++this.#lastId,
      ...what,
      ...(stdin === undefined ? {} : { stdin: path(stdin) }),
      output: path(output),
    };
    const { promise, ...settle } = Promise.withResolvers<SpawnedProcess | undefined>();
    if (this.#orders.size === 0) socketOf(child).ref();
    this.#orders.set(order.id, { started: { promise, ...settle }, exited: Promise.withResolvers() });
    child.stdin?.write(`${JSON.stringify(order)}\n`);
    return promise;
  }

  /** Lets go of the spawner; it ends by itself. What it started runs on, and is lost. */
  close(): void {
    this.#end();
  }

  #launch(): void {
    this.#starts.length = 0;
    // The spawner opens the pipes of this program by their paths there.
    this.#state = existsSync("/proc/self/fd") ? "starting" : "unusable";
    if (this.#state === "unusable") return;
    const { file, args } = this.#program;
    try {
      const child = spawn(file, args, {
        cwd: "/",
        env: {},
        stdio: ["pipe", "pipe", "ignore"],
        // Ctrl-C at the terminal is for this program to handle.
        detached: true,
      });
      this.#child = child;
      const end = () => this.#end();
      child.once("error", end);
      // Not "exit": what it said last is to be heard.
      child.once("close", end);
      child.stdin.on("error", end);
      child.stdout.on("error", end);
      child.stdout.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
      child.unref();
      for (const stream of [child.stdin, child.stdout]) (stream as unknown as Socket).unref();
    } catch {
      this.#end();
    }
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#take(JSON.parse(line));
  }

  #take(news: SpawnNews): void {
    if (news.kind === "ready") {
      if (this.#state === "starting") this.#state = "ready";
      return;
    }
    const order = this.#orders.get(news.id);
    if (order === undefined) return;
    switch (news.kind) {
      case "started":
        order.started.resolve({ pid: news.pid, exited: order.exited.promise });
        return;
      case "failed":
        order.started.reject(Object.assign(new Error(news.message), { code: news.code }));
        break;
      case "unusable":
        this.#state = "unusable";
        order.started.resolve(undefined);
        break;
      case "ended":
        order.exited.resolve({ code: news.code, signal: news.signal });
        break;
    }
    this.#orders.delete(news.id);
    // It keeps this program alive only while there is something to be heard.
    if (this.#orders.size === 0 && this.#child !== undefined) socketOf(this.#child).unref();
  }

  #end(): void {
    this.#state = "unusable";
    this.#child?.stdin?.destroy();
    this.#child?.stdout?.destroy();
    this.#child = undefined;
    for (const { started, exited } of this.#orders.values()) {
      // It may have been carried out: to start the process again could do twice what it does.
      started.reject(new Error("the process that starts others has ended"));
      exited.resolve("lost");
    }
    this.#orders.clear();
  }
}

interface StartWish extends Omit<SpawnOrder, "id" | "stdin" | "output"> {
  readonly stdin: number | undefined;
  readonly output: number;
}

function socketOf(child: ChildProcess): Socket {
  return child.stdout as unknown as Socket;
}
