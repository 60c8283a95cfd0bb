import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeFrame } from "./encode-frame.ts";
import type { Frame } from "./frame.ts";
import { type Decoded, FrameDecoder } from "./frame-decoder.ts";
import { parseFrame } from "./parse-frame.ts";

const header = { seq: 1, at: 1_700_000_000_000 };
const FRAMES: readonly Frame[] = [
  { ...header, type: "job.started", workspace: "/w s/ü" },
  { ...header, type: "step.added", step: 1, name: "Run x", stage: "main", action: "run", background: false },
  {
    ...header,
    type: "step.added",
    step: 2,
    id: "b",
    name: "n",
    stage: "post",
    action: "a/b@v1",
    background: true,
    line: 7,
    parent: 1,
  },
  { ...header, type: "step.started", step: 1, name: "Run x" },
  { ...header, type: "log", step: 0, data: Buffer.from("plain\n") },
  { ...header, type: "log", step: 1, data: Buffer.from("\ufeffz\u00e4\u0000\u001e\u001b[31m\r\n😀") },
  { ...header, type: "log", step: 1, data: Buffer.from([0xff, 0xfe, 0x0a, 0x1e]) },
  { ...header, type: "log", step: 1, data: Buffer.alloc(0) },
  {
    ...header,
    type: "annotation",
    step: 1,
    level: "error",
    message: "m\n2",
    file: "f",
    line: 1,
    endColumn: 9,
  },
  { ...header, type: "summary", step: 1, markdown: "# hi\u2028" },
  { ...header, type: "artifact", step: 1, value: "v" },
  { ...header, type: "mask", value: "secret" },
  {
    ...header,
    type: "step.finished",
    step: 1,
    outcome: "failure",
    conclusion: "success",
    exitCode: 2,
    outputs: { a: "1" },
    durationMs: 1.5,
  },
  { ...header, type: "job.finished", result: "success", outputs: {}, durationMs: 3 },
];

function decodeAll(bytes: Uint8Array, cuts: readonly number[] = [], options = {}): Decoded[] {
  const decoder = new FrameDecoder(options);
  const borders = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return borders.slice(1).flatMap((end, index) => decoder.push(bytes.subarray(borders[index], end)));
}

const frames = (decoded: readonly Decoded[]) =>
  decoded.flatMap((item) => (item.kind === "frame" ? [item.frame] : []));
const plain = (decoded: readonly Decoded[]) =>
  Buffer.concat(decoded.flatMap((item) => (item.kind === "plain" ? [item.data] : [])));

describe("the frame codec", () => {
  it.each(FRAMES.map((frame) => [frame.type, frame] as const))(
    "brings a %s frame back as it was",
    (_, frame) => {
      expect(decodeAll(Buffer.from(encodeFrame(frame)))).toEqual([{ kind: "frame", frame }]);
    },
  );

  it("writes one line with a record separator before it", () => {
    for (const frame of FRAMES) expect(encodeFrame(frame)).toMatch(/^\x1e\{[^\x1e\n]*\}\n$/);
  });

  it("writes UTF-8 logs as text and other bytes as base64", () => {
    expect(encodeFrame({ ...header, type: "log", step: 1, data: Buffer.from("é") })).toContain('"text":"é"');
    expect(encodeFrame({ ...header, type: "log", step: 1, data: Buffer.from([0xff]) })).toContain(
      '"base64":"/w=="',
    );
  });

  it("brings any frames with any plain log between them back, wherever the chunks are cut", () => {
    const log = fc
      .uint8Array({ maxLength: 40 })
      .map((data): Frame => ({ ...header, type: "log", step: 1, data: Buffer.from(data) }));
    const noise = fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.replaceAll("\x1e", ""));
    const piece = fc.oneof(log, fc.constantFrom(...FRAMES), noise);
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        fc.array(fc.nat(2000), { maxLength: 20 }),
        (pieces, cuts) => {
          const bytes = Buffer.from(
            pieces.map((part) => (typeof part === "string" ? part : encodeFrame(part))).join(""),
          );
          const decoded = decodeAll(
            bytes,
            cuts.map((cut) => cut % (bytes.length + 1)),
          );
          expect(frames(decoded)).toEqual(pieces.filter((part) => typeof part !== "string"));
          expect(plain(decoded).toString()).toBe(pieces.filter((part) => typeof part === "string").join(""));
        },
      ),
    );
  });

  it("survives any bytes and loses none that are not half a record", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 10 }), (chunks) => {
        const decoder = new FrameDecoder();
        const decoded = chunks.flatMap((chunk) => decoder.push(chunk));
        const dropped = decoder.end();
        const separators = Buffer.concat(chunks).filter((byte) => byte === 0x1e).length;
        const kept = plain(decoded).length;
        const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
        expect(kept + dropped).toBeLessThanOrEqual(total);
        expect(kept + dropped).toBeGreaterThanOrEqual(total - separators);
      }),
    );
  });

  it.each([
    ["no JSON", "\x1enot json\n", "not json\n"],
    ["JSON that is no frame", '\x1e{"a":1}\n', '{"a":1}\n'],
    [
      "a frame of an unknown type",
      '\x1e{"seq":1,"at":1,"type":"nope"}\n',
      '{"seq":1,"at":1,"type":"nope"}\n',
    ],
    ["a record cut by the next", `\x1e{"seq":1,${encodeFrame(FRAMES[0] as Frame)}`, '{"seq":1,'],
    ["separators in a row", `\x1e\x1e\x1e${encodeFrame(FRAMES[0] as Frame)}`, ""],
  ])("takes %s for plain log", (_, input, expected) => {
    const decoded = decodeAll(Buffer.from(input));
    expect(plain(decoded).toString()).toBe(expected);
    expect(frames(decoded).length).toBe(input.includes("job.started") ? 1 : 0);
  });

  it("finds a frame that begins in the middle of a line of plain log", () => {
    const decoded = decodeAll(Buffer.from(`no line end${encodeFrame(FRAMES[0] as Frame)}after\n`));
    expect(decoded.map((item) => item.kind)).toEqual(["plain", "frame", "plain"]);
  });

  it("drops half a frame at the end and says how much it was", () => {
    const decoder = new FrameDecoder();
    const bytes = Buffer.from(encodeFrame(FRAMES[0] as Frame));
    expect(decoder.push(bytes.subarray(0, bytes.length - 1))).toEqual([]);
    expect(decoder.end()).toBe(bytes.length - 1);
    expect(decoder.end()).toBe(0);
  });

  it("gives plain log on at once, without waiting for the end of its line", () => {
    expect(plain(new FrameDecoder().push(Buffer.from("half a li"))).toString()).toBe("half a li");
  });

  it("does not keep a record that never ends: beyond the limit it is plain log", () => {
    const decoder = new FrameDecoder({ maxFrameBytes: 1000 });
    const decoded = ["\x1e", ...Array.from({ length: 50 }, () => "x".repeat(100))].flatMap((part) =>
      decoder.push(Buffer.from(part)),
    );
    expect(plain(decoded).length).toBeGreaterThan(3900);
    expect(decoder.end()).toBeLessThan(1200);
    const whole = encodeFrame({ ...header, type: "summary", step: 1, markdown: "x".repeat(2000) });
    expect(frames(decodeAll(Buffer.from(whole), [], { maxFrameBytes: 1000 }))).toEqual([]);
    expect(frames(decodeAll(Buffer.from(whole), []))).toHaveLength(1);
  });

  it.each([
    "null",
    "[]",
    "1",
    '"x"',
    "{}",
    '{"seq":0,"at":1,"type":"mask","value":"v"}',
    '{"seq":1.5,"at":1,"type":"mask","value":"v"}',
    '{"seq":1,"at":"1","type":"mask","value":"v"}',
    '{"seq":1,"at":1,"type":"mask"}',
    '{"seq":1,"at":1,"type":"toString"}',
    '{"seq":1,"at":1,"type":"log","step":1}',
    '{"seq":1,"at":1,"type":"log","step":1,"text":"a","base64":"YQ=="}',
    '{"seq":1,"at":1,"type":"log","step":-1,"text":"a"}',
    '{"seq":1,"at":1,"type":"job.finished","result":"skipped","outputs":{},"durationMs":1}',
    '{"seq":1,"at":1,"type":"job.finished","result":"success","outputs":{"a":1},"durationMs":1}',
    '{"seq":1,"at":1,"type":"step.finished","step":1,"outcome":"ok","conclusion":"success","outputs":{},"durationMs":1}',
  ])("does not take %s for a frame", (json) => {
    expect(parseFrame(json)).toBeUndefined();
  });

  it("lets fields through that only a newer runner knows", () => {
    expect(parseFrame('{"seq":1,"at":1,"type":"mask","value":"v","more":true}')).toMatchObject({
      more: true,
    });
  });
});
