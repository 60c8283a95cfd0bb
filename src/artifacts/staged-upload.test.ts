import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StagedUpload } from "./staged-upload.ts";

/** As Azure's client names its blocks. */
function blockId(index: number): string {
  return Buffer.from(`0b6e2a52-8a3c-4f3e-9f70-0a4ed7d7${String(index).padStart(12, "0")}`).toString("base64");
}

async function* bytes(...texts: string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe("StagedUpload", () => {
  let folder: string;
  let upload: StagedUpload;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-staged-"));
    upload = await StagedUpload.open(folder, 1000);
  });
  afterEach(async () => {
    await upload.discard();
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true, force: true });
  });

  const content = () => readFile(upload.path, "utf8");

  it("is not complete before it was committed", async () => {
    await upload.putBlock(blockId(0), bytes("a"), 1);
    expect(upload.sizeBytes).toBeUndefined();
  });

  it("takes a whole body, and a shorter one after it", async () => {
    await upload.putWhole(bytes("a long", " text"), undefined);
    expect(upload.sizeBytes).toBe(11);
    await upload.putWhole(bytes("short"), 5);
    expect([upload.sizeBytes, await content()]).toEqual([5, "short"]);
  });

  it("is complete and empty after an empty list", async () => {
    await upload.commitBlocks([]);
    expect([upload.sizeBytes, await content()]).toEqual([0, ""]);
  });

  it("needs no second file for blocks whose ids say their order, in whatever order they arrive", async () => {
    for (const [index, text] of [
      [1, "bbbb"],
      [0, "aaaa"],
      [2, "c"],
    ] as const) {
      await upload.putBlock(blockId(index), bytes(text), text.length);
    }
    const path = upload.path;
    await upload.commitBlocks([0, 1, 2].map(blockId));
    expect([upload.path, await content()]).toEqual([path, "aaaabbbbc"]);
  });

  it("obeys the list where it says otherwise: another order, fewer blocks, one twice", async () => {
    for (const [index, text] of ["aaaa", "bbbb", "cccc"].entries()) {
      await upload.putBlock(blockId(index), bytes(text), 4);
    }
    await upload.commitBlocks([2, 0, 2].map(blockId));
    expect(await content()).toBe("ccccaaaacccc");
  });

  it("takes ids that say nothing, and bodies of unknown length", async () => {
    const ids = ["x", "y"].map((id) => Buffer.from(id).toString("base64"));
    await upload.putBlock(ids[0] ?? "", bytes("first"), undefined);
    await upload.putBlock(ids[1] ?? "", bytes("second"), 6);
    await upload.commitBlocks(ids.toReversed());
    expect(await content()).toBe("secondfirst");
  });

  it("takes the last body of a block that was sent again", async () => {
    await upload.putBlock(blockId(0), bytes("aaaa"), 4);
    await upload.putBlock(blockId(0), bytes("AA"), 2);
    await upload.putBlock(blockId(1), bytes("bbbb"), 4);
    await upload.commitBlocks([blockId(0), blockId(1)]);
    expect(await content()).toBe("AAbbbb");
  });

  it("commits the same list twice as once, and then takes no more blocks", async () => {
    await upload.putBlock(blockId(0), bytes("a"), 1);
    await upload.commitBlocks([blockId(0)]);
    await upload.commitBlocks([blockId(0)]);
    await expect(upload.putBlock(blockId(1), bytes("b"), 1)).rejects.toMatchObject({ code: "Conflict" });
    await expect(upload.commitBlocks([])).rejects.toMatchObject({ code: "Conflict" });
    expect(await content()).toBe("a");
  });

  it("refuses a list with a block that never came", async () => {
    await expect(upload.commitBlocks([blockId(7)])).rejects.toMatchObject({ code: "InvalidSpec" });
  });

  it.each([
    ["shorter", 3],
    ["longer", 5],
  ])("refuses a body %s than its head says", async (_, length) => {
    await expect(upload.putBlock(blockId(0), bytes("aa", "aa"), length)).rejects.toMatchObject({
      code: "InvalidSpec",
    });
    await expect(upload.commitBlocks([blockId(0)])).rejects.toMatchObject({ code: "InvalidSpec" });
  });

  it("refuses more than its limit", async () => {
    const big = "x".repeat(600);
    await expect(upload.putWhole(bytes(big, big, big, big), undefined)).rejects.toMatchObject({
      code: "QuotaExceeded",
    });
    const other = await StagedUpload.open(folder, 1000);
    await other.putBlock(blockId(0), bytes(big), 600);
    await other.putBlock(blockId(1), bytes(big), 600);
    await expect(other.commitBlocks([blockId(0), blockId(1)])).rejects.toMatchObject({
      code: "QuotaExceeded",
    });
    await other.discard();
  });

  it("fails parts that arrive while it is discarded", async () => {
    const body = async function* () {
      yield Buffer.from("a");
      await upload.discard();
      yield Buffer.from("b");
    };
    await expect(upload.putBlock(blockId(0), body(), 2)).rejects.toMatchObject({ name: "ExecError" });
  });

  it("puts any blocks together as the list says, whatever their order, sizes and repeats (property)", async () => {
    const block = fc.record({ index: fc.nat(6), text: fc.string({ unit: "grapheme-ascii", maxLength: 9 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 12 }), fc.array(fc.nat(6)), async (blocks, order) => {
        const staged = await StagedUpload.open(folder, 1_000_000);
        try {
          await Promise.all(
            blocks
              .filter((b, i) => blocks.findLastIndex((other) => other.index === b.index) === i)
              .map((b) => staged.putBlock(blockId(b.index), bytes(b.text), b.text.length)),
          );
          const known = order.filter((index) => blocks.some((b) => b.index === index));
          await staged.commitBlocks(known.map(blockId));
          const expected = known.map((index) => blocks.findLast((b) => b.index === index)?.text).join("");
          expect(await readFile(staged.path, "utf8")).toBe(expected);
        } finally {
          await staged.discard();
        }
      }),
      { numRuns: 100 },
    );
  });
});
