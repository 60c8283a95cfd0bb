import { FakeClock } from "../../fake-clock.ts";
import type { AnnotationFrame, FrameBody } from "../../protocol/frame.ts";
import { Masker } from "./masker.ts";
import { MatcherRegistry } from "./matcher-registry.ts";
import { StepLog, type StepLogOptions } from "./step-log.ts";

/** A step's log with everything around it recorded, for tests. */
export class StepLogHarness {
  readonly frames: FrameBody[] = [];
  /** What commands did, as `["setOutput", "name", "value"]`. */
  readonly effects: string[][] = [];
  readonly masker = new Masker();
  readonly clock = new FakeClock();
  readonly log: StepLog;

  constructor(overrides: Partial<StepLogOptions> = {}) {
    const record =
      (name: string) =>
      (...values: string[]) => {
        this.effects.push([name, ...values]);
      };
    this.log = new StepLog({
      step: 3,
      emit: (body) => {
        this.frames.push(body.type === "log" ? { ...body, data: Buffer.from(body.data) } : body);
      },
      masker: this.masker,
      matchers: new MatcherRegistry(),
      effects: {
        setEnv: record("setEnv"),
        addPath: record("addPath"),
        setOutput: record("setOutput"),
        saveState: record("saveState"),
        commandFailed: record("commandFailed"),
      },
      env: {},
      repository: { workspace: "/work space", repository: "octo/cat", serverUrl: "https://github.com" },
      debug: false,
      clock: this.clock,
      ...overrides,
    });
  }

  write(...pieces: (string | Uint8Array)[]): this {
    for (const piece of pieces) void this.log.write(typeof piece === "string" ? Buffer.from(piece) : piece);
    return this;
  }

  /** Writes, closes, and returns what the log says. */
  async show(...pieces: (string | Uint8Array)[]): Promise<string> {
    this.write(...pieces);
    await this.log.close();
    return this.text;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.frames.flatMap((frame) => (frame.type === "log" ? [frame.data] : [])));
  }

  get text(): string {
    return this.bytes.toString();
  }

  get annotations(): Omit<AnnotationFrame, "type" | "step">[] {
    return this.frames.flatMap((frame) => {
      if (frame.type !== "annotation") return [];
      const { type: _, step: __, ...annotation } = frame;
      return [annotation];
    });
  }
}
