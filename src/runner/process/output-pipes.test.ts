import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  readdirSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OutputPipes, type ProcessPipe } from "./output-pipes.ts";

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "pipes-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function there(pipe: ProcessPipe | undefined): ProcessPipe {
  if (pipe === undefined) throw new Error("no pipe");
  return pipe;
}

function done(pipe: ProcessPipe, empty: boolean): number {
  const { ino } = fstatSync(pipe.ours);
  closeSync(pipe.ours);
  closeSync(pipe.theirs);
  pipe.release(empty);
  return ino;
}

describe("a pipe", () => {
  test("for output: what is written at their end comes out at ours", async () => {
    const pipes = new OutputPipes(directory);
    const { ours, theirs, release } = there(await pipes.takeOutput());
    expect(fstatSync(theirs).isFIFO()).toBe(true);
    writeSync(theirs, "hello");
    closeSync(theirs);
    const buffer = Buffer.alloc(10);
    expect(buffer.toString("utf8", 0, readSync(ours, buffer))).toBe("hello");
    expect(readSync(ours, buffer)).toBe(0);
    closeSync(ours);
    release(true);
    await pipes.close();
  });

  test("for input: the other way round", async () => {
    const pipes = new OutputPipes(directory);
    const { ours, theirs, release } = there(await pipes.takeInput());
    writeSync(ours, "hello");
    closeSync(ours);
    const buffer = Buffer.alloc(10);
    expect(buffer.toString("utf8", 0, readSync(theirs, buffer))).toBe("hello");
    expect(readSync(theirs, buffer)).toBe(0);
    closeSync(theirs);
    release(false);
    await pipes.close();
  });

  test("has no name that others could open", async () => {
    const pipes = new OutputPipes(directory);
    const pipe = there(await pipes.takeOutput());
    expect(fstatSync(pipe.ours).nlink).toBe(0);
    expect(readdirSync(directory)).toEqual([]);
    done(pipe, true);
    await pipes.close();
  });
});

describe("a supply of pipes", () => {
  test("gives one again that came back empty, and no other", async () => {
    const pipes = new OutputPipes(directory);
    const first = done(there(await pipes.takeOutput()), true);
    expect(done(there(await pipes.takeInput()), false)).toBe(first);
    expect(done(there(await pipes.takeOutput()), true)).not.toBe(first);
    await pipes.close();
  });

  test("does not run out, and each is another", async () => {
    const pipes = new OutputPipes(directory);
    const taken = await Promise.all(Array.from({ length: 100 }, () => pipes.takeOutput()));
    const inodes = taken.map((pipe) => done(there(pipe), true));
    expect(new Set(inodes).size).toBe(100);
    await pipes.close();
  });

  test("that is closed lets go of what it has, also of what comes back later, and gives no more", async () => {
    const before = readdirSync("/proc/self/fd").length;
    const pipes = new OutputPipes(directory);
    pipes.prepare();
    const pipe = there(await pipes.takeOutput());
    await pipes.close();
    done(pipe, true);
    expect(await pipes.takeOutput()).toBeUndefined();
    expect(readdirSync("/proc/self/fd").length).toBe(before);
  });

  test("that is closed while more are being made lets go of those too", async () => {
    const pipes = new OutputPipes(directory);
    pipes.prepare();
    await pipes.close();
    expect(readdirSync(directory)).toEqual([]);
    expect(await pipes.takeOutput()).toBeUndefined();
  });

  test.each<[string, () => OutputPipes]>([
    ["there is no mkfifo", () => new OutputPipes(directory, "/nowhere")],
    ["the folder is not there", () => new OutputPipes(join(directory, "none"))],
    [
      "the folder is a file",
      () => {
        writeFileSync(join(directory, "file"), "");
        return new OutputPipes(join(directory, "file"));
      },
    ],
  ])("gives none where %s", async (_, make) => {
    const pipes = make();
    expect(await pipes.takeOutput()).toBeUndefined();
    await pipes.close();
    rmSync(join(directory, "file"), { force: true });
    expect(existsSync(directory)).toBe(true);
  });
});
