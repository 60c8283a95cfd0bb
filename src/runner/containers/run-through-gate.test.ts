import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../clock.ts";
import type { ProcessEnd } from "../process/process-end.ts";
import { type GateProcess, spawnGate, until } from "./gate.fixture.ts";
import { type GateListener, listenForGate } from "./listen-for-gate.ts";
import { type GatedProcess, runThroughGate } from "./run-through-gate.ts";
import type { ContainerEnd } from "./step-containers.ts";

const PATH = process.env.PATH ?? "";
let folder: string;
let listener: GateListener;
let gate: GateProcess;
let output: string;
let socket: Socket;
let cancel: AbortController;
let kill: AbortController;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "gate-"));
  output = "";
  cancel = new AbortController();
  kill = new AbortController();
});
afterEach(async () => {
  gate.child.kill("SIGKILL");
  await gate.exit;
  listener.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(env: { readonly [name: string]: string } = { PATH }): Promise<void> {
  const path = join(folder, "s");
  listener = await listenForGate(path);
  gate = spawnGate(path, env);
  socket = await listener.connected;
}

async function run(
  argv: readonly [string, ...string[]],
  more: Partial<GatedProcess> = {},
): Promise<ProcessEnd> {
  return await runThroughGate(socket, {
    argv,
    env: {},
    cwd: folder,
    signal: cancel.signal,
    kill: kill.signal,
    clock: systemClock,
    ended: new Promise<ContainerEnd>(() => {}),
    onOutput: (chunk) => {
      output += Buffer.from(chunk).toString("latin1");
    },
    ...more,
  });
}

describe("a program behind a gate", () => {
  it("gets its arguments and its folder as they are, and its environment on top of the container's", async () => {
    await open({ PATH, OF_IMAGE: "image", BOTH: "image", SLIPWAY_HIDDEN: "1" });
    const script = 'printf "%s|" "$@"; pwd; env | grep -E "^(OF_IMAGE|BOTH|GIVEN|SLIPWAY)" | sort';
    const argv = ["sh", "-c", script, "sh", "a b", "$HOME", "", "ü\n"] as const;
    const end = await run([...argv], { env: { GIVEN: "it's\nthis", BOTH: "given" } });
    expect(end).toEqual({ kind: "exited", code: 0, cancelled: false });
    expect(Buffer.from(output, "latin1").toString()).toBe(
      `a b|$HOME||ü\n|${folder}\nBOTH=given\nGIVEN=it's\nOF_IMAGE=image\n`,
    );
  });

  it.each([0, 1, 77, 255])("ends with its exit code %i, and so does the container", async (code) => {
    await open();
    expect(await run(["sh", "-c", `exit ${code}`])).toEqual({ kind: "exited", code, cancelled: false });
    expect(await gate.exit).toEqual({ code, signal: null });
  });

  it("that a signal ends says which", async () => {
    await open();
    expect(await run(["sh", "-c", "kill -SEGV $$"])).toMatchObject({ kind: "signalled", signal: "SIGSEGV" });
    expect((await gate.exit).code).toBe(139);
  });

  it("has one stream for both outputs, in the order they were written", async () => {
    await open();
    const script = "i=0; while [ $i -lt 200 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done";
    await run(["sh", "-c", script]);
    const expected = Array.from({ length: 200 }, (_, i) => `out ${i}\nerr ${i}\n`).join("");
    expect(output).toBe(expected);
  });

  it("is not read from while its reader is busy, and loses nothing", async () => {
    await open();
    const marker = join(folder, "written");
    const script = `head -c 8000000 /dev/zero; : > ${marker}`;
    const free = Promise.withResolvers<void>();
    let bytes = 0;
    const ended = run(["sh", "-c", script], {
      onOutput: async (chunk) => {
        bytes += chunk.length;
        await free.promise;
      },
    });
    await until(() => bytes > 0);
    // What fits into pipes and sockets is a fraction of it: the program cannot have come to its end.
    await new Promise<void>((resolve) => systemClock.after(300, resolve));
    expect(existsSync(marker)).toBe(false);
    free.resolve();
    expect(await ended).toMatchObject({ code: 0 });
    expect(bytes).toBe(8_000_000);
  });

  it.each([
    ["no-such-program", 127, '"no-such-program" was not found on the container\'s PATH'],
    ["/no/such/program", 127, '"/no/such/program" does not exist.'],
    ["./plain", 126, "may not be executed: permission denied."],
    ["./strange", 127, 'needs the interpreter "/no/such/sh", which does not exist.'],
  ] as const)("%s: ends with %i and says why", async (program, code, words) => {
    writeFileSync(join(folder, "plain"), "text");
    writeFileSync(join(folder, "strange"), "#!/no/such/sh\n", { mode: 0o755 });
    await open();
    expect(await run([program])).toEqual({ kind: "exited", code, cancelled: false });
    expect(output).toContain(words);
    expect((await gate.exit).code).toBe(code);
  });

  it("whose folder is not there says so", async () => {
    await open();
    expect(await run(["sh", "-c", "echo x"], { cwd: "/no/such" })).toMatchObject({ code: 127 });
    expect(output).toBe('The working directory "/no/such" does not exist.\n');
  });
});

describe("a cancel", () => {
  const grace = { interruptMs: 200, terminateMs: 200 };
  /** Says what it gets. */
  const stubborn = (goesAt: string) =>
    `for s in INT TERM; do trap "echo got $s; [ $s = ${goesAt} ] && exit 5" $s; done; echo up; while :; do sleep 0.05; done`;

  it.each([
    ["INT", "up\ngot INT\n", { kind: "exited", code: 5, cancelled: true }],
    ["TERM", "up\ngot INT\ngot TERM\n", { kind: "exited", code: 5, cancelled: true }],
    ["NONE", "up\ngot INT\ngot TERM\n", { kind: "signalled", signal: "SIGKILL", cancelled: true }],
  ])("goes up to what ends the program (%s), and keeps what it prints", async (goesAt, printed, expected) => {
    await open();
    const ended = run(["sh", "-c", stubborn(goesAt)], {
      grace: { ...grace, interruptMs: 500, terminateMs: 500 },
    });
    await until(() => output.includes("up"));
    cancel.abort();
    expect(await ended).toEqual(expected);
    // The shell also says of its `sleep` that it was terminated.
    expect(output.replace(/^(?!up|got).*\n/gm, "")).toBe(printed);
  });

  it("reaches the whole group", async () => {
    await open();
    const pids = join(folder, "pids");
    const script = `trap 'exit 3' INT; (trap '' INT TERM; echo $BASHPID > ${pids}; exec sleep 300) & echo up; wait; wait`;
    const ended = run(["bash", "-c", script], { grace });
    await until(() => existsSync(pids) && readFileSync(pids, "utf8") !== "");
    cancel.abort();
    expect(await ended).toMatchObject({ cancelled: true });
    await gate.exit;
    const pid = Number(readFileSync(pids, "utf8"));
    await until(() => !isAlive(pid));
  });

  it("by kill ends everything at once", async () => {
    await open();
    const ended = run(["sh", "-c", "trap '' INT TERM; echo up; while :; do sleep 1; done"]);
    await until(() => output.includes("up"));
    kill.abort();
    expect(await ended).toEqual({ kind: "signalled", signal: "SIGKILL", cancelled: true });
  });

  it("before the start starts nothing", async () => {
    await open();
    cancel.abort();
    const marker = join(folder, "ran");
    expect(await run(["touch", marker])).toMatchObject({ kind: "not-started", cancelled: true });
    await gate.exit;
    expect(existsSync(marker)).toBe(false);
  });
});

describe("a gate", () => {
  it("waits for a runner that comes later", async () => {
    const path = join(folder, "later", "s");
    gate = spawnGate(path, { PATH });
    await new Promise<void>((resolve) => systemClock.after(200, resolve));
    mkdirSync(join(folder, "later"));
    listener = await listenForGate(path);
    socket = await listener.connected;
    expect(await run(["echo", "hello"])).toMatchObject({ code: 0 });
    expect(output).toBe("hello\n");
  });

  it("that waits goes when its container is to end", async () => {
    listener = await listenForGate(join(folder, "other"));
    gate = spawnGate(join(folder, "s"), { PATH });
    // Node takes a signal before its first line as any process does; wait until it looks for the socket.
    const early = await listenForGate(join(folder, "s"));
    await early.connected;
    gate.child.kill("SIGTERM");
    early.close();
    expect(await gate.exit).toEqual({ code: 0, signal: null });
  });

  it("kills what it runs when the runner is gone", async () => {
    await open();
    const pidFile = join(folder, "pid");
    void run([
      "sh",
      "-c",
      `trap '' INT TERM HUP; echo $$ > ${pidFile}; echo up; while :; do sleep 0.1; done`,
    ]);
    await until(() => output.includes("up"));
    socket.destroy();
    expect((await gate.exit).code).toBe(137);
    expect(isAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
  });

  it.each([
    [
      { outOfMemory: true, exitCode: 137, error: "Out of memory (limit 64 MiB)." },
      "Out of memory (limit 64 MiB).",
    ],
    [{ outOfMemory: false, exitCode: 137 }, "ended with exit code 137 before its program did."],
  ])("that went away is a lost process, with the reason that the engine gives", async (told, words) => {
    await open();
    const ended = run(["sh", "-c", "echo up; sleep 300"], { ended: Promise.resolve(told) });
    await until(() => output.includes("up"));
    gate.child.kill("SIGKILL");
    const end = await ended;
    expect(end).toMatchObject({ kind: "lost", cancelled: false });
    expect(end.kind === "lost" && end.error.message).toContain(words);
  });
});

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
