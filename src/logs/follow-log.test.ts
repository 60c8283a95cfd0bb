import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { EventBus } from "../events/event-bus.ts";
import { FakeClock } from "../fake-clock.ts";
import type { BuildLogRef, LogPiece, StreamOptions } from "./log-sink.ts";
import { LogsFixture, override, readAll } from "./logs.fixture.ts";
import type { RowLogSink } from "./row-log-sink.ts";

let fixture: LogsFixture;
let ref: BuildLogRef;

beforeEach(async () => {
  fixture = await LogsFixture.open(systemClock);
  ref = await fixture.step();
});
afterEach(() => fixture.dispose());

async function say(sink: RowLogSink, seq: number, text: string): Promise<void> {
  await sink.append(ref, { seq, at: seq, data: Buffer.from(text) });
  await sink.flush([ref]);
}

/** Follows in the background; `text` is what it has got. */
function follow(sink: RowLogSink, options: Partial<StreamOptions> = {}) {
  const ending = new AbortController();
  const seen = { text: "", ended: Promise.resolve() as Promise<void>, stop: () => ending.abort() };
  seen.ended = (async () => {
    for await (const piece of sink.stream(ref, { follow: true, signal: ending.signal, ...options })) {
      seen.text += Buffer.from(piece.data).toString();
    }
  })();
  seen.ended.catch(() => undefined);
  return seen;
}

describe("following a log", () => {
  it("gives what is there, then what comes, and ends with the log", async () => {
    const sink = fixture.sink();
    await say(sink, 1, "a");
    const seen = follow(sink);
    await vi.waitFor(() => expect(seen.text).toBe("a"));
    await say(sink, 2, "b");
    await vi.waitFor(() => expect(seen.text).toBe("ab"));
    await fixture.endStep(ref);
    await sink.end(ref);
    await seen.ended;
    expect(seen.text).toBe("ab");
  });

  it("ends at once where the step was skipped: nobody tells of its end", async () => {
    ref = await fixture.step("skipped", "skipped");
    // No time passes: it waits for nothing.
    const seen = follow(fixture.sink({ clock: new FakeClock() }));
    await seen.ended;
    expect(seen.text).toBe("");
  });

  it("begins where the last connection broke off", async () => {
    const sink = fixture.sink();
    await say(sink, 1, "0123456789");
    const seen = follow(sink, { offset: 7 });
    await vi.waitFor(() => expect(seen.text).toBe("789"));
    await say(sink, 2, "x");
    await vi.waitFor(() => expect(seen.text).toBe("789x"));
    seen.stop();
    await seen.ended;
  });

  it("hears of what another process writes by its events", async () => {
    const [writer, reader] = [fixture.sink(), fixture.sink()];
    const seen = follow(reader);
    await say(writer, 1, "from elsewhere");
    await vi.waitFor(() => expect(seen.text).toBe("from elsewhere"));
    await writer.end(ref);
    await seen.ended;
  });

  it("does not notice that the rows become a blob under it", async () => {
    const sink = fixture.sink();
    await say(sink, 1, "a".repeat(100_000));
    await say(sink, 2, "b".repeat(100_000));
    const stream = sink
      .stream(ref, { follow: true, signal: new AbortController().signal })
      [Symbol.asyncIterator]();
    const pieces: LogPiece[] = [];
    const first = await stream.next();
    if (first.done !== true) pieces.push(first.value);
    await fixture.endStep(ref);
    await sink.end(ref);
    await sink.sealed();
    for (let next = await stream.next(); next.done !== true; next = await stream.next())
      pieces.push(next.value);
    expect(Buffer.concat(pieces.map(({ data }) => data)).toString()).toBe(
      `${"a".repeat(100_000)}${"b".repeat(100_000)}`,
    );
  });

  it("goes on from the rows to the blob in the middle of a log", async () => {
    const sink = fixture.sink();
    const parts = Array.from({ length: 30 }, (_, index) => `${index}:${"x".repeat(20_000)}\n`);
    for (const [index, part] of parts.entries()) await say(sink, index + 1, part);
    const reader = fixture.sink();
    const stream = reader.stream(ref, { follow: false, signal: new AbortController().signal });
    let text = "";
    let sealed = false;
    for await (const piece of stream) {
      text += Buffer.from(piece.data).toString();
      if (sealed) continue;
      sealed = true;
      await sink.end(ref);
      await sink.sealed();
    }
    expect(text).toBe(parts.join(""));
  });

  it("shares one reader among 300 followers", async () => {
    let reads = 0;
    const logs = override(fixture.store.logs, {
      async read(of, from, max) {
        reads += 1;
        return await fixture.store.logs.read(of, from, max);
      },
    });
    const writer = fixture.sink();
    const reader = fixture.sink({ store: override(fixture.store, { logs }) });
    await say(writer, 1, "start;");
    const seen = Array.from({ length: 300 }, () => follow(reader));
    await vi.waitFor(() => expect(seen.every(({ text }) => text === "start;")).toBe(true));
    const before = reads;
    for (let seq = 2; seq <= 11; seq++) {
      await say(writer, seq, `${seq};`);
      await vi.waitFor(() => expect(seen.every(({ text }) => text.endsWith(`${seq};`))).toBe(true), {
        interval: 5,
      });
    }
    expect(reads - before).toBeLessThan(60);
    await writer.end(ref);
    await Promise.all(seen.map(({ ended }) => ended));
    expect(new Set(seen.map(({ text }) => text))).toEqual(new Set(["start;2;3;4;5;6;7;8;9;10;11;"]));
  });

  it("needs no read for what its own process writes", async () => {
    const calls = { read: 0, tail: 0 };
    const logs = override(fixture.store.logs, {
      async read(of, from, max) {
        calls.read += 1;
        return await fixture.store.logs.read(of, from, max);
      },
      async tail(of) {
        calls.tail += 1;
        return await fixture.store.logs.tail(of);
      },
    });
    const sink = fixture.sink({ store: override(fixture.store, { logs }) });
    const seen = follow(sink);
    await say(sink, 1, "0");
    await vi.waitFor(() => expect(seen.text).toBe("0"));
    await fixture.store.logs.tail(ref);
    const before = { ...calls };
    for (let seq = 2; seq <= 6; seq++) await say(sink, seq, `${seq}`);
    await vi.waitFor(() => expect(seen.text).toBe("023456"));
    // The slow look may have come in between.
    expect(calls.read - before.read + calls.tail - before.tail).toBeLessThanOrEqual(2);
    seen.stop();
    await seen.ended;
  });

  it("lets a slow follower hold up nobody", async () => {
    const sink = fixture.sink();
    const slow = sink
      .stream(ref, { follow: true, signal: new AbortController().signal })
      [Symbol.asyncIterator]();
    await say(sink, 1, "first");
    await slow.next();
    const quick = follow(sink);
    for (let seq = 2; seq <= 60; seq++) await say(sink, seq, "x".repeat(100_000));
    await vi.waitFor(() => expect(quick.text.length).toBe(5 + 59 * 100_000));
    let rest = 0;
    await sink.end(ref);
    for (let next = await slow.next(); next.done !== true; next = await slow.next())
      rest += next.value.data.length;
    expect(rest).toBe(59 * 100_000);
    await quick.ended;
  });

  it("stops when it is told to, also while it waits", async () => {
    const seen = follow(fixture.sink());
    seen.stop();
    await seen.ended;
    expect(seen.text).toBe("");
  });

  it("goes on when the records were away", async () => {
    let away = false;
    const gone = <T>(value: Promise<T>) =>
      away ? Promise.reject(new ExecError("Transient", "away")) : value;
    const logs = override(fixture.store.logs, {
      read: (of, from, max) => gone(fixture.store.logs.read(of, from, max)),
      tail: (of) => gone(fixture.store.logs.tail(of)),
    });
    const fast = {
      ...systemClock,
      after: (ms: number, then: () => void) => systemClock.after(ms / 50, then),
    };
    const reader = fixture.sink({ store: override(fixture.store, { logs }), clock: fast });
    const writer = fixture.sink();
    await say(writer, 1, "a");
    const seen = follow(reader);
    await vi.waitFor(() => expect(seen.text).toBe("a"));
    away = true;
    await say(writer, 2, "b");
    away = false;
    await vi.waitFor(() => expect(seen.text).toBe("ab"));
    seen.stop();
    await seen.ended;
  });

  it.each([true, false])(
    "fails where bytes are missing, rather than to wait for them (follow: %s)",
    async (follows) => {
      const rows = [0, 10].map((startByte, seq) => ({
        ref,
        seq,
        startByte,
        content: Buffer.from("01234"),
        at: 1,
      }));
      await fixture.store.logs.append(rows);
      const reading = readAll(fixture.sink(), ref, { follow: follows });
      await expect(reading).rejects.toMatchObject({ code: "Permanent", message: /hole at byte 5/ });
      const logs = override(fixture.store.logs, {
        tail: async () => ({ seq: 9, endByte: 99, kept: "rows" }),
      });
      const other = await fixture.step();
      const lied = fixture.sink({ store: override(fixture.store, { logs }) });
      await expect(readAll(lied, other, { follow: follows })).rejects.toMatchObject({
        message: /hole at byte 0/,
      });
    },
  );

  it("says NotFound of a log that retention has taken, also to who follows it", async () => {
    const sink = fixture.sink();
    await say(sink, 1, "old");
    await fixture.endStep(ref);
    await fixture.store.logs.expire(ref);
    await expect(readAll(sink, ref)).rejects.toMatchObject({ code: "NotFound" });
    await expect(follow(sink).ended).rejects.toMatchObject({ code: "NotFound" });
  });
});

describe("following where events are lost", () => {
  let clock: FakeClock;
  let bus: EventBus;
  let tellOfGap = () => {};

  beforeEach(() => {
    clock = new FakeClock();
    bus = override<EventBus>(fixture.events, {
      subscribe: async () => ({ unsubscribe() {} }),
      onGap(listener) {
        tellOfGap = listener;
        return { unsubscribe() {} };
      },
    });
  });

  it("looks again every second or two", async () => {
    const reader = fixture.sink({ events: bus, clock });
    const seen = follow(reader);
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    await say(fixture.sink(), 1, "unheard");
    await vi.waitFor(() => {
      clock.advance(500);
      expect(seen.text).toBe("unheard");
    });
    seen.stop();
    await seen.ended;
  });

  it("looks at once when it is told of a gap", async () => {
    const reader = fixture.sink({ events: bus, clock });
    const seen = follow(reader);
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    await say(fixture.sink(), 1, "unheard");
    await vi.waitFor(() => {
      tellOfGap();
      expect(seen.text).toBe("unheard");
    });
    expect(clock.now()).toBe(0);
    seen.stop();
    await seen.ended;
  });

  it("ends with a step that is over, though nobody said that its log is whole", async () => {
    await say(fixture.sink(), 1, "all there is");
    await fixture.endStep(ref);
    const seen = follow(fixture.sink({ events: bus, clock }));
    let ended = false;
    void seen.ended.then(() => {
      ended = true;
    });
    await vi.waitFor(() => {
      clock.advance(500);
      expect(ended).toBe(true);
    });
    expect(seen.text).toBe("all there is");
    expect(clock.pending).toBe(0);
  });
});
