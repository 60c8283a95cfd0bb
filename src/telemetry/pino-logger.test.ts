import { describe, expect, it } from "vitest";
import { ExecError } from "../errors.ts";
import { pinoLogger } from "./pino-logger.ts";

function record(level: "debug" | "info" | "warn" | "error") {
  const lines: string[] = [];
  const logger = pinoLogger({ level, destination: { write: (line) => lines.push(line) } });
  return { logger, lines: () => lines.map((line) => JSON.parse(line)) };
}

describe("the server's log", () => {
  it("is one JSON object a line, with level, time, message and fields", () => {
    const { logger, lines } = record("info");
    logger.info({ buildId: "b1" }, "claimed");
    expect(lines()).toEqual([
      { level: "info", time: expect.stringMatching(/^\d{4}-.*Z$/), buildId: "b1", msg: "claimed" },
    ]);
  });

  it("leaves out what is below its level", () => {
    const { logger, lines } = record("warn");
    logger.debug({}, "a");
    logger.info({}, "b");
    logger.warn({}, "c");
    logger.error({}, "d");
    expect(lines().map(({ msg }) => msg)).toEqual(["c", "d"]);
  });

  it("puts a child's fields into each of its lines", () => {
    const { logger, lines } = record("info");
    logger.child({ buildId: "b1" }).child({ jobKey: "test" }).error({ code: "Transient" }, "lost");
    expect(lines()).toMatchObject([{ buildId: "b1", jobKey: "test", code: "Transient", msg: "lost" }]);
  });

  it.each(["error", "cause"])("shows what is in %s by its words, and why that was", (field) => {
    const { logger, lines } = record("info");
    const cause = new Error("socket closed");
    logger.warn({ [field]: new ExecError("Transient", "the records are away", { cause }) }, "waits");
    logger.warn({ [field]: new Error("a mistake") }, "fails");
    logger.child({ buildId: "b1" }).warn({ [field]: "a text" }, "says");
    logger.warn({ [field]: undefined }, "nothing");
    const [away, mistake, text, nothing] = lines().map((line) => line[field]);
    expect(away).toMatch(/^the records are away\nbecause: Error: socket closed\n {4}at /);
    expect(mistake).toMatch(/^Error: a mistake\n {4}at /);
    expect([text, nothing]).toEqual(["a text", undefined]);
  });

  it("goes round in no circle of causes", () => {
    const { logger, lines } = record("info");
    const error = new ExecError("Transient", "again");
    Object.defineProperty(error, "cause", { value: error });
    logger.warn({ error }, "round");
    expect(lines()[0].error).toBe(Array(5).fill("again").join("\nbecause: "));
  });

  it("shows an error with its message and stack", () => {
    const { logger, lines } = record("info");
    logger.error({ err: new Error("broken") }, "failed");
    expect(lines()).toMatchObject([{ err: { message: "broken", stack: expect.stringContaining("broken") } }]);
  });
});
