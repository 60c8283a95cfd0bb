import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BlobStore } from "./blob-store.ts";

/** What every `BlobStore` does. `open` gives an empty store; `dispose` takes away all it made. */
export function blobStoreConformance(
  name: string,
  open: () => Promise<{ store: BlobStore; dispose(): Promise<void> }>,
): void {
  describe(`${name} as a blob store`, () => {
    let store: BlobStore;
    let dispose: () => Promise<void>;
    let scratch: string;

    beforeEach(async () => {
      ({ store, dispose } = await open());
      scratch = await mkdtemp(join(tmpdir(), "slipway-conformance-"));
    });
    afterEach(async () => {
      await dispose();
      await rm(scratch, { recursive: true, force: true });
    });

    it("gives back the bytes that were put", async () => {
      const stat = await store.put("a/b.bin", Buffer.from([0, 255, 10, 13]));
      expect(stat).toMatchObject({ key: "a/b.bin", sizeBytes: 4 });
      expect(await bytes(store, "a/b.bin")).toEqual(Buffer.from([0, 255, 10, 13]));
      expect(await store.stat("a/b.bin")).toEqual(stat);
    });

    it("keeps an empty blob", async () => {
      await store.put("empty", new Uint8Array());
      expect(await store.stat("empty")).toMatchObject({ sizeBytes: 0 });
      expect(await bytes(store, "empty")).toHaveLength(0);
    });

    it("takes a stream of many chunks", async () => {
      const chunks = Array.from({ length: 40 }, () => randomBytes(100_000));
      await store.put("stream", iterate(chunks));
      expect(sha256(await bytes(store, "stream"))).toBe(sha256(Buffer.concat(chunks)));
    });

    it.each([true, false])("takes a file (move: %s)", async (move) => {
      const file = join(scratch, "file");
      await writeFile(file, "from a file");
      await store.put("taken", { file, move });
      expect((await bytes(store, "taken")).toString()).toBe("from a file");
      if (move) await expect(stat(file)).rejects.toMatchObject({ code: "ENOENT" });
      else expect(await readFile(file, "utf8")).toBe("from a file");
    });

    it("replaces a blob as a whole", async () => {
      await store.put("k", Buffer.from("a long first text"));
      await store.put("k", Buffer.from("short"));
      expect((await bytes(store, "k")).toString()).toBe("short");
    });

    it("leaves the old blob where the new body fails, and none where there was none", async () => {
      await store.put("k", Buffer.from("old"));
      const broken = async function* () {
        yield Buffer.from("half");
        throw new Error("the sender went away");
      };
      await expect(store.put("k", broken())).rejects.toThrow("the sender went away");
      await expect(store.put("fresh", broken())).rejects.toThrow("the sender went away");
      expect((await bytes(store, "k")).toString()).toBe("old");
      expect(await store.stat("fresh")).toBeUndefined();
      expect(await keys(store, "")).toEqual(["k"]);
    });

    it("refuses a second put with ifAbsent, and exactly one of many at once wins", async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) =>
          store.put("one/only", Buffer.from(`writer ${i}`), { ifAbsent: true }),
        ),
      );
      expect(results.filter((r) => r.status === "fulfilled")).toHaveLength(1);
      const winner = results.findIndex((r) => r.status === "fulfilled");
      expect((await bytes(store, "one/only")).toString()).toBe(`writer ${winner}`);
      await expect(store.put("one/only", Buffer.from("x"), { ifAbsent: true })).rejects.toMatchObject({
        code: "Conflict",
      });
    });

    it.each([
      [{ start: 0, end: 3 }, "0123"],
      [{ start: 4 }, "456789"],
      [{ start: 9, end: 9 }, "9"],
      [{ start: 8, end: 1000 }, "89"],
      [{ start: 10 }, ""],
    ])("reads the range %j", async (range, expected) => {
      await store.put("digits", Buffer.from("0123456789"));
      const reader = await store.get("digits", range);
      expect(reader.stat.sizeBytes).toBe(10);
      expect((await collect(reader.body)).toString()).toBe(expected);
    });

    it("keeps reading what a reader began with while the blob is replaced and deleted", async () => {
      const first = randomBytes(3_000_000);
      await store.put("k", first);
      const reader = await store.get("k");
      await store.put("k", Buffer.from("second"));
      await store.delete("k");
      expect(sha256(await collect(reader.body))).toBe(sha256(first));
    });

    it("says NotFound for what is not there, and deletes once", async () => {
      await expect(store.get("nothing/here")).rejects.toMatchObject({ code: "NotFound" });
      expect(await store.stat("nothing/here")).toBeUndefined();
      expect(await store.delete("nothing/here")).toBe(false);
      await store.put("a/b/c", Buffer.from("x"));
      expect(await store.delete("a/b/c")).toBe(true);
      expect(await store.delete("a/b/c")).toBe(false);
      expect(await keys(store, "")).toEqual([]);
    });

    it("lists by any prefix", async () => {
      for (const key of ["a/1", "a/12", "a/2/x", "ab", "b/1"]) await store.put(key, Buffer.from(key));
      expect(await keys(store, "")).toEqual(["a/1", "a/12", "a/2/x", "ab", "b/1"]);
      expect(await keys(store, "a/1")).toEqual(["a/1", "a/12"]);
      expect(await keys(store, "a/")).toEqual(["a/1", "a/12", "a/2/x"]);
      expect(await keys(store, "a")).toEqual(["a/1", "a/12", "a/2/x", "ab"]);
      expect(await keys(store, "zzz/q")).toEqual([]);
    });

    it.each([
      "",
      "/",
      "/etc/passwd",
      "a//b",
      "a/",
      "..",
      "../x",
      "a/../../x",
      ".",
      "a/./b",
      "a\0b",
      "\ud800",
      "x".repeat(1025),
    ])("refuses the key %j", async (key) => {
      for (const attempt of [
        () => store.put(key, Buffer.from("x")),
        () => store.get(key),
        () => store.stat(key),
        () => store.delete(key),
      ]) {
        await expect(attempt()).rejects.toMatchObject({ code: "InvalidSpec" });
      }
    });

    it("keeps every key apart from every other, whatever characters it has", async () => {
      const odd = [
        "x",
        "X",
        "é", // composed
        "e\u0301", // decomposed
        "日本語/ファイル.zip",
        "🚢",
        ".hidden",
        ".tmp",
        "..a",
        "a..",
        "a.",
        "a ",
        "%2e%2e",
        "%",
        "c:\\windows\\..\\x",
        'q"?*<>|',
        "line\nbreak\ttab",
        "~root",
        "-rf",
        `${"long".repeat(200)}`,
        `${"long".repeat(200)}er`,
        `${"ü".repeat(400)}`,
      ];
      for (const key of odd) await store.put(key, Buffer.from(key));
      for (const key of odd) expect((await bytes(store, key)).toString()).toBe(key);
      expect(await keys(store, "")).toEqual([...odd].sort());
    });

    it("keeps any key at all (property)", async () => {
      const segment = fc
        .string({ unit: "binary", minLength: 1, maxLength: 60 })
        .filter((s) => !/[/\0]/.test(s) && s !== "." && s !== ".." && s.isWellFormed());
      await fc.assert(
        fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 4 }), async (segments) => {
          const key = segments.join("/");
          fc.pre(Buffer.byteLength(key) <= 1024);
          await store.put(key, Buffer.from("x"));
          expect(await keys(store, key)).toEqual([key]);
          expect(await store.delete(key)).toBe(true);
        }),
        { numRuns: 60 },
      );
    });
  });
}

async function bytes(store: BlobStore, key: string): Promise<Buffer> {
  return collect((await store.get(key)).body);
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function keys(store: BlobStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const stat of store.list(prefix)) found.push(stat.key);
  return found.sort();
}

async function* iterate(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

function sha256(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
