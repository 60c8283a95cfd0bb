import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  readdirSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OutputPipes } from "./output-pipes.ts";

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "pipes-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("what is written at one end comes out at the other, and no name is left for others to open", async () => {
  const pipes = new OutputPipes(join(directory, "a"));
  const taken = await pipes.takeOutput();
  if (taken === undefined) throw new Error("no pipe");
  expect(fstatSync(taken.ours)).toMatchObject({ nlink: 0 });
  expect(fstatSync(taken.ours).isFIFO()).toBe(true);
  writeSync(taken.theirs, "hello");
  closeSync(taken.theirs);
  const buffer = Buffer.alloc(10);
  expect(buffer.toString("utf8", 0, readSync(taken.ours, buffer))).toBe("hello");
  expect(readSync(taken.ours, buffer)).toBe(0);
  closeSync(taken.ours);
  await pipes.close();
});

test("it does not run out, and each is another", async () => {
  const pipes = new OutputPipes(join(directory, "b"));
  const inodes = new Set<number>();
  const all = await Promise.all(Array.from({ length: 200 }, () => pipes.takeOutput()));
  for (const taken of all) {
    if (taken === undefined) throw new Error("no pipe");
    inodes.add(fstatSync(taken.ours).ino);
  }
  for (const taken of all) for (const fd of Object.values(taken ?? {})) closeSync(fd);
  expect(inodes.size).toBe(200);
  await pipes.close();
});

test("a pipe that was given back empty serves again, any other never does", async () => {
  const pipes = new OutputPipes(join(directory, "again"));
  const use = async (empty: boolean): Promise<number> => {
    const taken = await pipes.takeOutput();
    if (taken === undefined) throw new Error("no pipe");
    const { ino } = fstatSync(taken.ours);
    writeSync(taken.theirs, "hello");
    closeSync(taken.theirs);
    const buffer = Buffer.alloc(10);
    expect(buffer.toString("utf8", 0, readSync(taken.ours, buffer))).toBe("hello");
    expect(readSync(taken.ours, buffer)).toBe(0);
    closeSync(taken.ours);
    pipes.giveBack(taken, empty);
    return ino;
  };
  const first = await use(true);
  expect(await use(false)).toBe(first);
  expect(await use(true)).not.toBe(first);
  await pipes.close();
});

test("a step that empties the folder does not stop later steps", async () => {
  const folder = join(directory, "c");
  const pipes = new OutputPipes(folder);
  const close = (taken: object | undefined) => Object.values(taken ?? {}).map((fd: number) => closeSync(fd));
  close(await pipes.takeOutput());
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  expect(close(await pipes.takeOutput())).toHaveLength(2);
  rmSync(folder, { recursive: true });
  expect(close(await pipes.takeOutput())).toHaveLength(2);
  await pipes.close();
});

test("closing removes the folder, also while more are being made, and gives no more", async () => {
  const folder = join(directory, "d");
  const pipes = new OutputPipes(folder);
  pipes.prepare();
  await pipes.close();
  expect(existsSync(folder)).toBe(false);
  expect(await pipes.takeOutput()).toBeUndefined();
});

test.each([
  ["there is no mkfifo", () => new OutputPipes(join(directory, "e"), "/nowhere")],
  ["the folder cannot be made", () => new OutputPipes("/etc/passwd/pipes")],
])("none are given where %s", async (_, make) => {
  expect(await make().takeOutput()).toBeUndefined();
});
