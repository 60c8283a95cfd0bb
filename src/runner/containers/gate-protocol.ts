/**
 * What a runner and the gate of a step's container say to each other over a unix socket: messages of one byte for the kind,
 * four for the length (big-endian), then the body: JSON, or bytes for `output`.
 *
 * The gate connects and says `hello`. The runner says `run` once; the gate says `output` any number of times, then `ended`,
 * and is gone. In between the runner may say `cancel` and `kill`. Where either side goes away, the other gives up: a gate
 * kills what it runs. Neither reads on while it cannot hand on what it has: that is the back-pressure.
 */
import { Buffer } from "node:buffer";

/** What a gate is to run. Nothing of it stands in what the container is made from. */
export interface GateRun {
  /** The program, looked for on the PATH that the process will have, and its arguments. */
  readonly argv: readonly [string, ...string[]];
  /** On top of the container's own environment. */
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
  /** As for `runProcess`. */
  readonly grace?: { readonly interruptMs: number; readonly terminateMs: number };
  readonly outputGrace?: { readonly quietMs: number; readonly totalMs: number };
}

export type GateEnd =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals }
  /** 127: there is no such program; 126: it cannot be run. As a shell has it. */
  | { readonly kind: "not-started"; readonly code: 126 | 127; readonly message: string };

export type GateMessage =
  | { readonly type: "hello" }
  | { readonly type: "run"; readonly run: GateRun }
  | { readonly type: "cancel" }
  | { readonly type: "kill" }
  | { readonly type: "output"; readonly data: Uint8Array }
  | { readonly type: "ended"; readonly end: GateEnd };

const KINDS = ["hello", "run", "cancel", "kill", "output", "ended"] as const satisfies GateMessage["type"][];
const HEAD_BYTES = 5;
/** Arguments and environment of a process take about 2 MiB on Linux; output comes in pieces of 64 KiB. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

export function encodeGateMessage(message: GateMessage): Buffer {
  const { type, ...rest } = message;
  const body =
    message.type === "output"
      ? Buffer.from(message.data.buffer, message.data.byteOffset, message.data.byteLength)
      : Buffer.from(JSON.stringify(rest), "utf8");
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt8(KINDS.indexOf(type), 0);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** The messages in a stream, whatever pieces it comes in. Throws where it is not this protocol. */
export async function* readGateMessages(stream: AsyncIterable<Uint8Array>): AsyncGenerator<GateMessage> {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    for (;;) {
      const next = firstMessage(rest);
      if (next === undefined) break;
      yield next.message;
      rest = rest.subarray(next.bytes);
    }
  }
}

function firstMessage(bytes: Buffer): { readonly message: GateMessage; readonly bytes: number } | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const type = KINDS[bytes.readUInt8(0)];
  const length = bytes.readUInt32BE(1);
  if (type === undefined || length > MAX_BODY_BYTES) throw new Error("What came is no message of a gate.");
  const end = HEAD_BYTES + length;
  if (bytes.length < end) return undefined;
  const body = bytes.subarray(HEAD_BYTES, end);
  const message = type === "output" ? { type, data: body } : { type, ...JSON.parse(body.toString("utf8")) };
  return { message: message as GateMessage, bytes: end };
}
