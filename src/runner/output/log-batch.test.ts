import fc from "fast-check";
import { expect, test } from "vitest";
import { FakeClock } from "../../fake-clock.ts";
import { LogBatch } from "./log-batch.ts";

function batch() {
  const clock = new FakeClock();
  const pieces: string[] = [];
  const bytes: Buffer[] = [];
  const log = new LogBatch((data) => {
    pieces.push(Buffer.from(data).toString());
    bytes.push(Buffer.from(data));
  }, clock);
  return { clock, log, pieces, bytes };
}

test("small pieces wait for one another, 250 ms and no longer, however steadily they come", () => {
  const { clock, log, pieces } = batch();
  for (let i = 0; i < 6; i++) {
    log.append(Buffer.from(`${i}`));
    clock.advance(100);
  }
  expect(pieces).toEqual(["012", "345"]);
});

test("64 KiB leave at once, and no timer is left behind", () => {
  const { clock, log, pieces } = batch();
  log.append(Buffer.alloc(60_000, "a"));
  expect(pieces).toEqual([]);
  log.append(Buffer.alloc(6_000, "b"));
  expect(pieces.map((piece) => piece.length)).toEqual([66_000]);
  expect(clock.pending).toBe(0);
});

test("nothing makes no piece", () => {
  const { clock, log, pieces } = batch();
  log.append(Buffer.alloc(0));
  log.flush();
  log.end();
  expect({ pieces, pending: clock.pending }).toEqual({ pieces: [], pending: 0 });
});

test.each([
  ["é", 1],
  ["€", 1],
  ["€", 2],
  ["🔑", 1],
  ["🔑", 2],
  ["🔑", 3],
])("no piece ends inside %s, after %i byte(s) of it", (character, length) => {
  const { log, pieces } = batch();
  log.append(Buffer.concat([Buffer.from("x"), Buffer.from(character).subarray(0, length)]));
  log.flush();
  log.append(Buffer.from(character).subarray(length));
  log.flush();
  expect(pieces).toEqual(["x", character]);
});

test.each([
  ["a byte that begins nothing", [0x41, 0xff]],
  ["a byte that continues nothing", [0x80, 0x80, 0x80, 0x80]],
  ["an overlong form", [0xc0]],
  ["a whole character", [0xc3, 0xa9]],
])("%s is not waited for", (_, sent) => {
  const { log, bytes } = batch();
  log.append(Uint8Array.from(sent));
  log.flush();
  expect([...Buffer.concat(bytes)]).toEqual(sent);
});

test("at the end the beginning of a character is sent too", () => {
  const { log, bytes } = batch();
  log.append(Uint8Array.from([0x41, 0xe2, 0x82]));
  log.flush();
  log.end();
  expect(bytes.map((piece) => [...piece])).toEqual([[0x41], [0xe2, 0x82]]);
});

test("for any bytes, cut and flushed anywhere, all come out in order, and valid text is never cut inside a character", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "€", "🔑", "\n") });
  fc.assert(
    fc.property(
      fc.oneof(
        text.map((t) => Buffer.from(t)),
        fc.uint8Array(),
      ),
      fc.array(fc.nat(30)),
      (any, cuts) => {
        const { log, bytes, pieces } = batch();
        let at = 0;
        for (const cut of cuts) {
          log.append(any.subarray(at, at + cut));
          at = Math.min(any.length, at + cut);
          if (cut % 2 === 0) log.flush();
        }
        log.append(any.subarray(at));
        log.end();
        expect(Buffer.concat(bytes).equals(any)).toBe(true);
        if (Buffer.isBuffer(any)) expect(pieces.join("")).not.toContain("\uFFFD");
      },
    ),
  );
});
