import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../fake-clock.ts";
import { OutputPipes } from "./output-pipes.ts";
import { processEntry } from "./process-table.ts";
import { createProcessTracker } from "./process-tracker.ts";
import { type ProcessOptions, runProcess } from "./run-process.ts";
import { readySpawner } from "./spawner.fixture.ts";
import type { Spawner } from "./spawner.ts";

const PATH = "/usr/local/bin:/usr/bin:/bin";
let directory: string;
let pipes: OutputPipes;
let spawner: Spawner | undefined;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "run process "));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(() => {
  pipes = new OutputPipes(directory);
});
afterEach(() => pipes.close());

interface Overrides extends Partial<ProcessOptions> {
  /** Called with all the output so far, whenever there is more. */
  readonly onText?: (text: string) => void;
}

async function bash(script: string, overrides: Overrides = {}) {
  const { onText, ...options } = overrides;
  let output = Buffer.alloc(0);
  const end = await runProcess({
    file: "/bin/bash",
    args: ["-c", script],
    cwd: directory,
    env: { PATH },
    signal: new AbortController().signal,
    pipes,
    ...(spawner && { spawner }),
    onOutput: (chunk) => {
      output = Buffer.concat([output, chunk]);
      onText?.(output.toString());
    },
    ...options,
  });
  return { end, output, text: output.toString() };
}

/** Aborts once the script has said "ready". */
function abortWhenReady(clock?: FakeClock) {
  const controller = new AbortController();
  const onText = (text: string) => {
    if (text.includes("ready")) controller.abort();
  };
  return { signal: controller.signal, onText, ...(clock && { clock }) };
}

describe.each(["here", "by a spawner"])("a process that is started %s", (place) => {
  beforeAll(async () => {
    spawner = place === "here" ? undefined : await readySpawner();
  });
  afterAll(() => spawner?.close());

  test("is a child of what starts it", async () => {
    const isOwnChild = (await bash("echo $PPID")).text.trim() === `${process.pid}`;
    expect(isOwnChild).toBe(place === "here");
  });

  describe("how a process ends", () => {
    test.each([
      ["exit 0", { kind: "exited", code: 0, cancelled: false }],
      ["exit 7", { kind: "exited", code: 7, cancelled: false }],
      ["exit 255", { kind: "exited", code: 255, cancelled: false }],
      ["kill -KILL $$", { kind: "signalled", signal: "SIGKILL", cancelled: false }],
      ["kill -SEGV $$", { kind: "signalled", signal: "SIGSEGV", cancelled: false }],
      ["kill -TERM $$", { kind: "signalled", signal: "SIGTERM", cancelled: false }],
    ])("%s is reported as it is", async (script, expected) => {
      expect((await bash(script)).end).toEqual(expected);
    });
  });

  describe("what a process gets", () => {
    test("stdin is empty, so that a command which asks does not wait for ever", async () => {
      expect((await bash("cat; read answer; echo $?")).text).toBe("1\n");
    });

    test("stdin is what was given", async () => {
      expect((await bash("wc -c", { stdin: "x".repeat(300_000) })).text.trim()).toBe("300000");
    });

    test("a process that does not read its stdin is no error", async () => {
      expect((await bash("exit 3", { stdin: "x".repeat(3_000_000) })).end).toMatchObject({ code: 3 });
    });

    test("nothing is inherited from the environment of this program", async () => {
      expect((await bash("env", { env: { A: "1 \n'\"é" }, file: "/usr/bin/env", args: [] })).text).toBe(
        "A=1 \n'\"é\n",
      );
    });

    test("it leads a session of its own, so a Ctrl-C of the terminal does not reach it", async () => {
      expect(
        (
          await bash(
            "read -r _ _ _ _ pgrp sid _ < /proc/self/stat; [[ $pgrp = $$ && $sid = $$ ]] && echo own",
          )
        ).text,
      ).toBe("own\n");
    });
  });

  describe("output", () => {
    test("stdout and stderr arrive in the order they were written", async () => {
      const script = "for i in {1..200}; do echo o$i; echo e$i >&2; done";
      const expected = Array.from({ length: 200 }, (_, i) => `o${i + 1}\ne${i + 1}\n`).join("");
      expect((await bash(script)).text).toBe(expected);
    });

    test("a script can open /dev/stdout and /dev/stderr", async () => {
      expect((await bash("echo one > /dev/stderr; echo two | tee /dev/stderr")).text).toBe("one\ntwo\ntwo\n");
    });

    test("without a supply of pipes both streams are still read to their end", async () => {
      const none = new OutputPipes(directory, "/nowhere");
      const { output } = await bash("head -c 400000 /dev/zero; head -c 300000 /dev/zero >&2", {
        pipes: none,
      });
      expect(output.length).toBe(700_000);
    });

    test("bytes are not changed", async () => {
      const { output } = await bash("printf '\\x00\\xff\\xc3\\x28\\r\\n\\x80'");
      expect([...output]).toEqual([0, 0xff, 0xc3, 0x28, 13, 10, 0x80]);
    });

    test("nothing is read while the receiver is busy, and nothing is lost", async () => {
      let busy = 0;
      let most = 0;
      let bytes = 0;
      await bash("head -c 3000000 /dev/zero", {
        onOutput: async (chunk) => {
          busy++;
          most = Math.max(most, busy);
          bytes += chunk.length;
          await new Promise((resolve) => setImmediate(resolve));
          busy--;
        },
      });
      expect({ most, bytes }).toEqual({ most: 1, bytes: 3_000_000 });
    });

    test("a receiver that throws ends the process, and the error is the caller's", async () => {
      const error = new Error("disk full");
      const run = bash("echo x; exec sleep 1000", {
        onOutput: () => {
          throw error;
        },
      });
      await expect(run).rejects.toBe(error);
    });

    test("a receiver that rejects ends the process, and the error is the caller's", async () => {
      const error = new Error("disk full");
      await expect(bash("echo x; exec sleep 1000", { onOutput: () => Promise.reject(error) })).rejects.toBe(
        error,
      );
    });
  });

  describe("processes left behind", () => {
    test("a child that keeps stdout open is not waited for", async () => {
      const { end, text } = await bash("sleep 1000 & echo $!", { outputGrace: { quietMs: 1, totalMs: 10 } });
      expect(end).toEqual({ kind: "exited", code: 0, cancelled: false });
      process.kill(Number(text), "SIGKILL");
    });

    test("a child that prints on and on is not waited for, nor killed by a broken pipe", async () => {
      const script = "(while :; do echo tick; done) & echo pid=$!";
      const { text } = await bash(script, { outputGrace: { quietMs: 50, totalMs: 20 } });
      const pid = Number(/pid=(\d+)/.exec(text)?.[1]);
      expect(process.kill(pid, 0)).toBe(true);
      process.kill(pid, "SIGKILL");
    });

    test("the last words of a process substitution are not lost", async () => {
      const { text } = await bash("exec > >(sed 's/^/> /'); echo one; echo two");
      expect(text).toBe("> one\n> two\n");
    });

    test("output that lies in the pipe when the process ends is all read, however slow the receiver is", async () => {
      const tracker = createProcessTracker("github_output-test");
      let bytes = 0;
      await bash("sleep 1000 & head -c 60000 /dev/zero", {
        tracker,
        outputGrace: { quietMs: 1, totalMs: 1 },
        onOutput: async (chunk) => {
          bytes += chunk.length;
          for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
        },
      });
      await tracker.killLeftovers();
      expect(bytes).toBe(60_000);
    });
  });

  describe("cancel", () => {
    test("SIGINT reaches the whole group, and output after it is kept", async () => {
      const script = "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.01; done";
      const { end, text } = await bash(script, abortWhenReady(new FakeClock()));
      expect({ end, text }).toEqual({
        end: { kind: "exited", code: 9, cancelled: true },
        text: "ready\ncaught\n",
      });
    });

    test("a process that ignores SIGINT gets SIGTERM after 7.5 s", async () => {
      const clock = new FakeClock();
      const script =
        "trap 'echo int' INT; trap 'echo term; exit 4' TERM; echo ready; while :; do sleep 0.01; done";
      const controller = new AbortController();
      const { end, text } = await bash(script, {
        clock,
        signal: controller.signal,
        onText: (soFar) => {
          if (soFar === "ready\n") controller.abort();
          if (soFar === "ready\nint\n") {
            clock.advance(7_499);
            expect(clock.pending).toBe(1);
            clock.advance(1);
          }
        },
      });
      expect({ end, text }).toEqual({
        end: { kind: "exited", code: 4, cancelled: true },
        text: expect.stringMatching(/^ready\nint\n(Terminated\n)?term\n$/),
      });
    });

    test("a process that ignores both is killed after 2.5 s more", async () => {
      const clock = new FakeClock();
      const script = "trap 'echo int' INT; trap 'echo term' TERM; echo ready; while :; do sleep 0.01; done";
      const controller = new AbortController();
      const { end } = await bash(script, {
        clock,
        signal: controller.signal,
        onText: (soFar) => {
          if (soFar.endsWith("ready\n")) controller.abort();
          if (soFar.endsWith("int\n")) clock.advance(7_500);
          if (soFar.endsWith("term\n")) clock.advance(2_500);
        },
      });
      expect(end).toEqual({ kind: "signalled", signal: "SIGKILL", cancelled: true });
    });

    test("what is left of the group is killed when the cancelled process has ended", async () => {
      const script =
        "trap 'exit 1' INT; (trap '' INT TERM; echo pid=$BASHPID; exec sleep 1000) & sleep 0.05; echo ready; wait";
      const { text } = await bash(script, { ...abortWhenReady(), outputGrace: { quietMs: 1, totalMs: 5 } });
      const pid = Number(/pid=(\d+)/.exec(text)?.[1]);
      await expect.poll(() => isAlive(pid)).toBe(false);
    });

    test("kill ends the group at once", async () => {
      const kill = new AbortController();
      const { end } = await bash("trap '' INT TERM; echo ready; while :; do sleep 0.01; done", {
        kill: kill.signal,
        onText: () => kill.abort(),
      });
      expect(end).toEqual({ kind: "signalled", signal: "SIGKILL", cancelled: true });
    });

    test("a process is not even started when it is cancelled before", async () => {
      const { end, text } = await bash("echo started", { signal: AbortSignal.abort() });
      expect(end).toMatchObject({ kind: "not-started", cancelled: true, error: { code: "Cancelled" } });
      expect(text).toBe("");
    });

    test("no timer is left behind", async () => {
      const clock = new FakeClock();
      await bash("echo hello", { clock });
      await bash("trap 'exit 9' INT; echo ready; while :; do sleep 0.01; done", abortWhenReady(clock));
      expect(clock.pending).toBe(0);
    });
  });

  describe("a process that cannot be started says why", () => {
    const file = (name: string, text: string, mode: number) => {
      writeFileSync(join(directory, name), text);
      chmodSync(join(directory, name), mode);
      return join(directory, name);
    };

    test.each<[string, () => Partial<ProcessOptions>, RegExp]>([
      [
        "the program is missing",
        () => ({ file: "/no/such/program" }),
        /^"\/no\/such\/program" does not exist\.$/,
      ],
      [
        "the folder is missing",
        () => ({ cwd: "/no/such/folder" }),
        /^The working directory "\/no\/such\/folder" does not exist\.$/,
      ],
      [
        "the folder is a file",
        () => ({ cwd: "/etc/passwd" }),
        /^The working directory "\/etc\/passwd" is not a directory\.$/,
      ],
      [
        "the program is not executable",
        () => ({ file: file("plain", "x", 0o644) }),
        /may not be executed: permission denied\.$/,
      ],
      [
        "its interpreter is missing",
        () => ({ file: file("tool", "#!/no/such/perl -w\n", 0o755) }),
        /needs the interpreter "\/no\/such\/perl", which does not exist\.$/,
      ],
      [
        "its #! line has Windows line ends",
        () => ({ file: file("dos", "#!/bin/sh\r\necho\r\n", 0o755) }),
        /carriage return/,
      ],
      [
        "a variable is too large",
        () => ({ env: { PATH, BIG: "x".repeat(200_000) } }),
        /too large.*BIG has 200005/,
      ],
      [
        "an argument is too large",
        () => ({ args: ["-c", "x".repeat(3_000_000)] }),
        /too large.*an argument has 3000001/,
      ],
      [
        "a variable has a NUL",
        () => ({ env: { PATH, BAD: "a\0b" } }),
        /^The environment variable BAD has a NUL character/,
      ],
      ["an argument has a NUL", () => ({ args: ["-c", "a\0b"] }), /^The command has a NUL character/],
    ])("%s", async (_, overrides, message) => {
      const { end } = await bash("true", overrides());
      expect(end.kind === "not-started" && end.error.message).toMatch(message);
    });
  });
});

function isAlive(pid: number): boolean {
  return processEntry(pid) !== undefined;
}
