import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogTimes, LogTimesBuilder } from "./log-times.ts";

describe("the times of a log", () => {
  it("come back for every byte (property)", () => {
    const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: -50, max: 5_000 })));
    fc.assert(
      fc.property(runs, (runs) => {
        const builder = new LogTimesBuilder();
        const expected: [number, number][] = [];
        let offset = 0;
        let at = 1_700_000_000_000;
        for (const [bytes, later] of runs) {
          at += later;
          builder.add(offset, at);
          expected.push([offset, at], [offset + bytes - 1, at]);
          offset += bytes;
        }
        const times = new LogTimes(builder.encode());
        for (const [byte, when] of expected) expect(times.runAt(byte).at).toBe(when);
      }),
    );
  });

  it("say where the next run begins", () => {
    const builder = new LogTimesBuilder();
    builder.add(0, 5);
    builder.add(10, 5);
    builder.add(20, 6);
    const times = new LogTimes(builder.encode());
    expect(times.runAt(3)).toEqual({ at: 5, endByte: 20 });
    expect(times.runAt(20)).toEqual({ at: 6, endByte: Number.POSITIVE_INFINITY });
  });

  it.each([
    ["grow", (index: number) => index, 100],
    ["jump about", (index: number) => (index % 2) * 1e12, 1e12],
  ])("stay small where a log has a million runs whose times %s", (_, at, most) => {
    const builder = new LogTimesBuilder();
    for (let index = 0; index < 1_000_000; index++) builder.add(index * 10, at(index));
    const encoded = builder.encode();
    expect(encoded.length).toBeLessThan(2_000_000);
    const times = new LogTimes(encoded);
    expect(Math.abs(times.runAt(5_000_000).at - at(500_000))).toBeLessThanOrEqual(most);
    expect(times.runAt(0).at).toBe(0);
  });

  it("are zero where they are lost", () => {
    expect(new LogTimes().runAt(100)).toEqual({ at: 0, endByte: Number.POSITIVE_INFINITY });
    expect(new LogTimes(Buffer.from("garbage\n1 2 3\n")).runAt(100).at).toBe(0);
  });
});
