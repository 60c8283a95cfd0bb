import { type DestinationStream, type LoggerOptions, pino } from "pino";
import { ExecError } from "../errors.ts";
import type { Logger } from "./logger.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface PinoLoggerOptions {
  readonly level: LogLevel;
  /** Absent: standard error. */
  readonly destination?: DestinationStream;
}

/**
 * One JSON object a line: `time` (ISO 8601), `level`, `msg` and the fields. Errors in `error` and `cause` are shown by their
 * words (pino itself would show `{}`), those that nobody foresaw with their stack; `err` with everything.
 */
export function pinoLogger({ level, destination }: PinoLoggerOptions): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: pino.stdSerializers.err, error: wordsOf, cause: wordsOf },
  };
  const logger = pino<never>(options, destination ?? pino.destination({ dest: 2, sync: true }));
  return adapt(logger);
}

function adapt(logger: ReturnType<typeof pino<never>>): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => adapt(logger.child(fields)),
  };
}

const MAX_CAUSES = 5;

function wordsOf(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const words: string[] = [];
  let error: unknown = value;
  while (error instanceof Error && words.length < MAX_CAUSES) {
    words.push(error instanceof ExecError ? error.message : (error.stack ?? error.message));
    error = error.cause;
  }
  return words.join("\nbecause: ");
}
