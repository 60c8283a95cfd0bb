/** Structured log of the server. Fields say what it is about (`buildId`, `jobKey`, `projectId`); never a secret. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** The same log, with these fields in every line. */
  child(fields: LogFields): Logger;
}

export type LogFields = { readonly [name: string]: unknown };

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
