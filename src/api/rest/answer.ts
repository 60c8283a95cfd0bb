import { contentDisposition } from "../../blobs/content-disposition.ts";

/** What a route answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Exactly one of these, or none for an empty body. */
  readonly json?: unknown;
  readonly text?: string;
  /** Called once, if the body is wanted at all (not for HEAD). Its signal ends with the connection. */
  readonly stream?: (signal: AbortSignal) => AsyncIterable<Uint8Array | string>;
  /** The stream goes on for long: whether its reader may still read is looked at while it does. */
  readonly live?: boolean;
  /** Called instead where `stream` is not: lets go of what it holds. */
  readonly discard?: () => void;
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, json: value, headers };
}

export const noContent: Answer = { status: 204 };

export function redirect(location: string): Answer {
  return { status: 302, headers: { location, "cache-control": "no-store" } };
}

/** `inline` or `attachment`, with a name that survives every browser. */
export function disposition(kind: "inline" | "attachment", fileName: string): string {
  return contentDisposition(fileName).replace(/^attachment/, kind);
}
