import { type DestinationStream, type LoggerOptions, pino } from "pino";
import type { Logger } from "./logger.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface PinoLoggerOptions {
  readonly level: LogLevel;
  /** Absent: standard error. */
  readonly destination?: DestinationStream;
}

/** One JSON object a line: `time` (ISO 8601), `level`, `msg` and the fields. An `err` field is shown with its stack. */
export function pinoLogger({ level, destination }: PinoLoggerOptions): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
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
