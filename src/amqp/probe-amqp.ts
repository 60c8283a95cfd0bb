import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { AmqpAddress } from "./amqp-address.ts";
import { amqpError } from "./amqp-error.ts";

/** `AMQP`, then protocol 0, version 0-9-1: a server that speaks it answers with a frame. */
const GREETING = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]);
const FRAME_HEADER_BYTES = 7;
const MAX_FRAME_BYTES = 1 << 20;

/**
 * Is there a server that speaks AMQP? Asked before the client library is: that takes the first bytes of any other server
 * (`HTTP/1.1`) for the size of a frame, and throws where nobody can catch it. Errors as of `RabbitConnection.open`.
 */
export async function probeAmqp(
  address: AmqpAddress,
  clock: Pick<Clock, "after">,
  limitMs: number,
): Promise<void> {
  const { protocol, hostname, port } = new URL(address.shown);
  // The brackets of an IPv6 address belong to the URL.
  const at = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
  const socket = protocol === "amqps:" ? connectTls({ ...at, servername: at.host }) : connectTcp(at);
  let forget = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      forget = clock.after(limitMs, () => {
        const message = `RabbitMQ at ${address.shown} did not answer within ${limitMs} ms.`;
        reject(new ExecError("Transient", message));
      });
      socket.once("error", (error) => reject(amqpError(error, address)));
      socket.once("close", () => reject(notAmqp(address)));
      socket.write(GREETING);
      readHeader(socket, (header) => (isFrame(header) ? resolve() : reject(notAmqp(address))));
    });
  } finally {
    forget();
    socket.on("error", () => {});
    socket.destroy();
  }
}

function readHeader(socket: Socket, done: (header: Buffer) => void): void {
  let seen = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    if (seen.length >= FRAME_HEADER_BYTES) done(seen);
  });
}

/** A method frame on channel 0 of sensible size, or the broker's own greeting where it wants another version. */
function isFrame(bytes: Buffer): boolean {
  if (bytes.subarray(0, 4).equals(GREETING.subarray(0, 4))) return true;
  return bytes[0] === 1 && bytes.readUInt16BE(1) === 0 && bytes.readUInt32BE(3) <= MAX_FRAME_BYTES;
}

function notAmqp({ shown }: AmqpAddress): ExecError {
  return new ExecError(
    "Transient",
    `The server at ${shown} does not speak AMQP: is it RabbitMQ's AMQP port?`,
  );
}
