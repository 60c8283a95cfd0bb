import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FrameBody } from "../../protocol/frame.ts";
import { parseMatcherFile } from "./matcher-config.ts";
import { MatcherRegistry } from "./matcher-registry.ts";
import { StepLogHarness } from "./step-log.fixture.ts";

const MIB = 1_048_576;

function matchersOf(...problemMatcher: object[]): MatcherRegistry {
  const registry = new MatcherRegistry();
  registry.add(parseMatcherFile(JSON.stringify({ problemMatcher })));
  return registry;
}

describe("output comes out as it went in", () => {
  test.each<[string, string | Uint8Array]>([
    ["text", "one\ntwo\n"],
    ["text without an end", "one\ntwo"],
    ["empty lines", "\n\n\n"],
    ["Windows line ends", "one\r\ntwo\r\n\r\n"],
    ["progress with CR", "10%\r20%\r\r\n30%\r"],
    ["colours", "\x1b[31mred\x1b[0m\n"],
    ["colons that are no commands", "std::vector ::x\na::b::c\n :: \n::\n:::::\n::x::y\n"],
    ["brackets that are no commands", "##[x]\n# ##[\n###[[warning]\n##\n#\n"],
    ["invalid UTF-8", Uint8Array.from([0xff, 0xfe, 0x0a, 0xc3, 0x28, 0x80, 0x0a, 0xe2, 0x82])],
    ["every byte there is", Uint8Array.from({ length: 1024 }, (_, i) => i & 255)],
    ["random bytes", randomBytes(300_000)],
    ["nothing", ""],
  ])("%s", async (_, written) => {
    const bytes = Buffer.from(written as string);
    for (const matchers of [
      new MatcherRegistry(),
      matchersOf({ owner: "m", pattern: [{ regexp: "(^never$)", message: 1 }] }),
    ]) {
      const harness = new StepLogHarness({ matchers });
      await harness.show(bytes);
      expect(harness.bytes.equals(bytes)).toBe(true);
    }
  });

  test("a line of 50 MB without an end, in bounded memory", async () => {
    const sizes: number[] = [];
    let total = 0;
    const harness = new StepLogHarness({
      emit: (body) => {
        if (body.type !== "log") return;
        total += body.data.length;
        sizes.push(body.data.length);
      },
    });
    harness.masker.add("a secret that is not there");
    const piece = Buffer.alloc(50_000, "x:");
    let heldBack = 0;
    for (let sent = 0; sent < 50_000_000; sent += piece.length) {
      harness.write(piece);
      heldBack = Math.max(heldBack, sent + piece.length - total);
    }
    await harness.log.close();
    expect(total).toBe(50_000_000);
    expect(heldBack).toBeLessThan(4 * 65_536);
    expect(Math.max(...sizes)).toBeLessThan(4 * 65_536);
  });
});

describe("however output is cut into pieces", () => {
  const piece = fc.constantFrom(
    ..."::|##[|group|warning|]|::group::a|::warning::b\n|##[error]c\n|::add-mask::sesame\n|ses|ame|sesame\n|\n|\r|\r\n| |x|é|🔑|E: bad\n|E: |::stop-commands::t\n|::t::\n".split(
      "|",
    ),
  );
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
  const cuts = fc.array(fc.nat(120), { maxLength: 12 });
  const matchers = { owner: "m", pattern: [{ regexp: "^E: (.+)$", message: 1 }] };

  test.each([
    ["without matchers", () => new MatcherRegistry()],
    ["with matchers", () => matchersOf(matchers)],
  ])("%s the log, the annotations and the effects are the same", async (_, registry) => {
    await fc.assert(
      fc.asyncProperty(text, cuts, async (written, places) => {
        const whole = new StepLogHarness({ matchers: registry() });
        await whole.show(written);
        const bytes = Buffer.from(written);
        const ends = [
          ...places.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b),
          bytes.length,
        ];
        const inPieces = new StepLogHarness({ matchers: registry() });
        await inPieces.show(...ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)));
        expect(inPieces.text).toBe(whole.text);
        expect(inPieces.annotations).toEqual(whole.annotations);
        expect(inPieces.effects).toEqual(whole.effects);
      }),
      { numRuns: 400 },
    );
  });
});

describe("commands in output", () => {
  test.each<[string, string, string]>([
    ["after space", "  \t::group::g\n", "##[group]g\n"],
    ["not after text", "x ::group::g\n", "x ::group::g\n"],
    ["the older form after text, which is dropped", "x ##[group]g\n", "##[group]g\n"],
    ["without a line end", "::group::g", "##[group]g\n"],
    ["with Windows line ends", "a\r\n::group::g\r\nb\r\n", "a\r\n##[group]g\nb\r\n"],
    ["after a CR", "10%\r::group::g\n", "10%\r\n##[group]g\n"],
    ["ended by a CR", "::group::g\rb\n", "##[group]g\nb\n"],
    [
      "one after the other",
      "::group::g\n::endgroup::\n::group::h\n",
      "##[group]g\n##[endgroup]\n##[group]h\n",
    ],
    ["among lines full of colons", "a::b\n::group::g\nc::d ::x\n", "a::b\n##[group]g\nc::d ::x\n"],
    ["an unknown one before a known one", "::x:: ##[group]g\n", "##[group]g\n"],
  ])("%s", async (_, written, shown) => {
    expect(await new StepLogHarness().show(written)).toBe(shown);
  });

  test("of up to 1 MiB are obeyed, longer lines are text", async () => {
    const value = "v".repeat(MIB - 100);
    const harness = new StepLogHarness();
    const pieces = `::set-output name=a::${value}\n`.match(/.{1,60000}\n?/g) ?? [];
    await harness.show(...pieces);
    expect(harness.effects.map((effect) => effect.slice(0, 2))).toEqual([["setOutput", "a"]]);
    const longer = `::set-output name=a::${value}${value}\n`;
    const text = new StepLogHarness();
    expect(await text.show(...(longer.match(/.{1,60000}\n?/g) ?? []))).toBe(longer);
    expect(text.effects).toEqual([]);
  });

  test("after a line that is too long to look at are obeyed again", async () => {
    const long = `${"x".repeat(200_000)}::group::no ##[group]no\n`;
    const pieces = `${long}::group::g\n`.match(/.{1,60000}\n?/g) ?? [];
    expect(await new StepLogHarness().show(...pieces)).toBe(`${long}##[group]g\n`);
  });
});

describe("secrets in output", () => {
  test("are hidden however the writes cut them", async () => {
    const harness = new StepLogHarness();
    harness.masker.add("open sesame");
    expect(await harness.show("say op", "en se", "same now\nop", "en sesamE\n")).toBe(
      "say *** now\nopen sesamE\n",
    );
  });

  test("that are cut by a pause are hidden too", async () => {
    const harness = new StepLogHarness();
    harness.masker.add("open sesame");
    harness.write("say open se");
    harness.clock.advance(1_000);
    expect(harness.text).toBe("say ");
    expect(await harness.show("same\n")).toBe("say ***\n");
  });

  test("that a command cuts in two are hidden too", async () => {
    const harness = new StepLogHarness();
    harness.masker.add("one\ntwo");
    expect(await harness.show("one\n::debug::x\ntwo\n")).toBe("***\n");
  });

  test("that the runner's own lines and annotations show", async () => {
    const harness = new StepLogHarness();
    harness.masker.add("sesame");
    harness.log.line("env: sesame");
    harness.log.annotate({ level: "error", message: "bad sesame", title: "sesame" });
    expect(await harness.show()).toBe("env: ***\n##[error]bad ***\n");
    expect(harness.annotations).toEqual([{ level: "error", message: "bad ***", title: "***" }]);
  });
});

describe("when things are shown", () => {
  test("a prompt without a line end, after 250 ms", () => {
    const harness = new StepLogHarness().write("one\nContinue? ");
    harness.clock.advance(249);
    expect(harness.text).toBe("");
    harness.clock.advance(1);
    expect(harness.text).toBe("one\nContinue? ");
  });

  test("progress that comes steadily, every 250 ms", () => {
    const harness = new StepLogHarness();
    for (let i = 0; i < 10; i++) {
      harness.write(".");
      harness.clock.advance(100);
    }
    const pieces = harness.frames.map((frame) => frame.type === "log" && Buffer.from(frame.data).toString());
    expect(pieces).toEqual(["...", "...", "..."]);
  });

  test("what may be the beginning of a command, only when its end is there", async () => {
    for (const beginning of [" ", ":", "  ::", "::gro", "x ##[gro"]) {
      const harness = new StepLogHarness().write(beginning);
      harness.clock.advance(10_000);
      expect(harness.text).toBe("");
    }
  });

  test("the rest of a line whose beginning is shown is no command, unless in the older form", async () => {
    const harness = new StepLogHarness().write("a ");
    harness.clock.advance(500);
    expect(await harness.show("::group::g\n")).toBe("a ::group::g\n");
    const older = new StepLogHarness().write("a #");
    older.clock.advance(500);
    expect(await older.show("#[group]g\nb\n")).toBe("a \n##[group]g\nb\n");
  });

  test("a line of the runner's own begins on a line of its own", async () => {
    const harness = new StepLogHarness().write("no end");
    await harness.log.flush();
    harness.log.line("mine");
    expect(await harness.show("more\n")).toBe("no end\nmine\nmore\n");
  });

  test("after it is closed no timer is left", async () => {
    const harness = new StepLogHarness();
    await harness.show("one\ntwo");
    expect(harness.clock.pending).toBe(0);
  });
});

describe("a sink that is not ready", () => {
  test("holds up whoever writes until it is", async () => {
    const gate = Promise.withResolvers<void>();
    const { log } = new StepLogHarness({ emit: () => gate.promise });
    let taken = false;
    const written = Promise.resolve(log.write(Buffer.alloc(100_000, "x\n"))).then(() => {
      taken = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBe(false);
    gate.resolve();
    await written;
    expect(log.write(Buffer.from("y\n"))).toBeUndefined();
    await log.close();
  });

  test.each<[string, (body: FrameBody) => void | Promise<void>]>([
    [
      "throws",
      () => {
        throw new Error("gone");
      },
    ],
    ["rejects", () => Promise.reject(new Error("gone"))],
  ])("and one that %s is told to the next who writes or closes", async (_, emit) => {
    const { log, clock } = new StepLogHarness({ emit });
    log.line("x");
    clock.advance(250);
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => log.write(Buffer.from("y"))).toThrow("gone");
    await expect(log.close()).rejects.toThrow("gone");
  });
});

describe("a log inside a log", () => {
  test("writes to the same place, in order, with commands of its own", async () => {
    const outer = new StepLogHarness();
    const effects: string[] = [];
    const inner = outer.log.nested({
      env: {},
      effects: {
        setEnv() {},
        addPath() {},
        setOutput: (name) => effects.push(name),
        saveState() {},
        commandFailed() {},
      },
    });
    outer.log.line("outer");
    void inner.write(Buffer.from("::stop-commands::tok\ninner\n::set-output name=no::1\n"));
    await inner.close();
    const second = outer.log.nested({
      env: {},
      effects: {
        setEnv() {},
        addPath() {},
        setOutput: (name) => effects.push(name),
        saveState() {},
        commandFailed() {},
      },
    });
    void second.write(Buffer.from("::set-output name=yes::1\nno end"));
    await second.close();
    outer.log.line("outer again");
    expect(await outer.show()).toMatch(
      /^outer\n::stop-commands::tok\ninner\n::set-output name=no::1\n##\[warning\]The `set-output`.*\nno end\nouter again\n$/,
    );
    expect(effects).toEqual(["yes"]);
    expect(outer.effects).toEqual([]);
  });
});

describe("problems in output", () => {
  test("are marked in the log, and annotated", async () => {
    const matchers = matchersOf({ owner: "m", pattern: [{ regexp: "^E: (.+)$", message: 1 }] });
    const harness = new StepLogHarness({ matchers });
    expect(await harness.show("one\nE: bad\ntwo\n")).toBe("one\n##[error]E: bad\ntwo\n");
    expect(harness.annotations).toEqual([{ level: "error", message: "bad" }]);
  });

  test.each<[string, string, string[]]>([
    ["ERRor: x", "error", []],
    ["WARNing: x", "warning", []],
    ["Notice: x", "notice", []],
    [": x", "error", []],
    [
      "info: x",
      "",
      [
        "##[debug]Skipped logging an issue for the matched line because the severity 'info' is not supported.",
      ],
    ],
  ])("the severity of %j is %j", async (line, level, before) => {
    const matchers = matchersOf({
      owner: "m",
      pattern: [{ regexp: "^(.*): (.+)$", severity: 1, message: 2 }],
    });
    const harness = new StepLogHarness({ matchers, debug: true });
    const text = await harness.show(`${line}\n`);
    expect(text).toBe([...before, level === "" ? line : `##[${level}]${line}`, ""].join("\n"));
    expect(harness.annotations.map((annotation) => annotation.level)).toEqual(level === "" ? [] : [level]);
  });

  test("lines and columns that are no numbers are left out", async () => {
    const matchers = matchersOf({
      owner: "m",
      pattern: [{ regexp: "^\\((.+),(.+)\\): (.+)$", line: 1, column: 2, message: 3 }],
    });
    const harness = new StepLogHarness({ matchers });
    await harness.show("(12,34): a\n(12,x): b\n(y,34): c\n(-1,1.5): d\n");
    expect(harness.annotations).toEqual([
      { level: "error", message: "a", line: 12, column: 34 },
      { level: "error", message: "b", line: 12 },
      { level: "error", message: "c", column: 34 },
      { level: "error", message: "d" },
    ]);
  });

  test("colours are no part of them", async () => {
    const matchers = matchersOf({ owner: "m", pattern: [{ regexp: "^E: (.+)$", message: 1 }] });
    const harness = new StepLogHarness({ matchers });
    expect(await harness.show("\x1b[31mE: \x1b[1;31mbad\x1b[m\n")).toBe("##[error]E: bad\n");
    expect(harness.annotations).toEqual([{ level: "error", message: "bad" }]);
  });

  test("a command is no problem, an unknown one may be", async () => {
    const matchers = matchersOf({ owner: "m", pattern: [{ regexp: "(bad .*)", message: 1 }] });
    const harness = new StepLogHarness({ matchers });
    expect(await harness.show("::group::bad 1\n::unknown::bad 2\n")).toBe(
      "##[group]bad 1\n##[error]::unknown::bad 2\n",
    );
  });

  test("a problem resets the other matchers", async () => {
    const two = (owner: string, first: string, second: string) => ({
      owner,
      pattern: [{ regexp: first }, { regexp: second, message: 1 }],
    });
    const matchers = matchersOf(two("a", "^start$", "^(one)$"), two("b", "^start$", "^(two)$"));
    const harness = new StepLogHarness({ matchers });
    await harness.show("start\none\ntwo\nstart\ntwo\n");
    expect(harness.annotations.map((annotation) => annotation.message)).toEqual(["one", "two"]);
  });

  test("that have no message are shown as they are", async () => {
    const matchers = matchersOf({ owner: "m", pattern: [{ regexp: "^E:(.*)$", message: 1 }] });
    const harness = new StepLogHarness({ matchers });
    expect(await harness.show("E: \n")).toBe("E: \n");
    expect(harness.annotations).toEqual([]);
  });

  test("of a line whose beginning is shown already are annotated", async () => {
    const matchers = matchersOf({ owner: "m", pattern: [{ regexp: "^E: (.+)$", message: 1 }] });
    const harness = new StepLogHarness({ matchers }).write("E: b");
    harness.clock.advance(1_000);
    expect(await harness.show("ad\n")).toBe("E: bad\n");
    expect(harness.annotations).toEqual([{ level: "error", message: "bad" }]);
  });

  test("a matcher that takes too long for a line is removed, and the others go on", async () => {
    const matchers = matchersOf(
      { owner: "slow", pattern: [{ regexp: "^((a+)+)$", message: 1 }] },
      { owner: "quick", pattern: [{ regexp: "^E: (.+)$", message: 1 }] },
    );
    const harness = new StepLogHarness({ matchers });
    const text = await harness.show(`aaa\n${"a".repeat(60)}!\naaaa\nE: bad\n`);
    expect(text).toBe(
      `##[warning]Removing issue matcher 'slow'. It needed more than 1000 ms for a line.\n##[error]aaa\n${"a".repeat(60)}!\naaaa\n##[error]E: bad\n`,
    );
    expect(harness.annotations.map((annotation) => annotation.message)).toEqual([
      "Removing issue matcher 'slow'. It needed more than 1000 ms for a line.",
      "aaa",
      "bad",
    ]);
  });

  test("lines of more than 64 Ki characters are not looked at", async () => {
    const matchers = matchersOf({ owner: "m", pattern: [{ regexp: "^E: (.+)$", message: 1 }] });
    const harness = new StepLogHarness({ matchers });
    const line = `E: ${"x".repeat(70_000)}\n`;
    expect(await harness.show(line)).toBe(line);
  });
});
