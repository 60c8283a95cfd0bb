import { ExecError } from "../errors.ts";

/** Where a broker is and who asks, as far as it may be shown. */
export interface AmqpAddress {
  /** As given. Holds the password. */
  readonly url: string;
  /** `amqp://host:5672/vhost`, for people: without user and password. */
  readonly shown: string;
  readonly user: string;
  readonly vhost: string;
}

/** Reads an AMQP URL. `Permanent`, in words that hold no password, where it is none. */
export function readAmqpUrl(url: string): AmqpAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) {
    throw new ExecError(
      "Permanent",
      "The address of RabbitMQ is no URL. It looks like amqp://user:password@host:5672/vhost; special characters in it are written as %xx.",
    );
  }
  const { protocol, hostname, port, pathname } = parsed;
  if (protocol !== "amqp:" && protocol !== "amqps:") {
    throw new ExecError(
      "Permanent",
      `The address of RabbitMQ begins with '${protocol}', not with 'amqp://' or 'amqps://'.`,
    );
  }
  if (hostname === "") throw new ExecError("Permanent", "The address of RabbitMQ names no host.");
  try {
    // The name after the slash is the whole of it: `/` itself is written %2F, or left out.
    const vhost = decodeURIComponent(pathname.slice(1)) || "/";
    const user = decodeURIComponent(parsed.username);
    decodeURIComponent(parsed.password);
    const shownPort = port || (protocol === "amqps:" ? "5671" : "5672");
    return { url, user, vhost, shown: `${protocol}//${hostname}:${shownPort}/${vhost === "/" ? "" : vhost}` };
  } catch {
    throw new ExecError(
      "Permanent",
      "The address of RabbitMQ has a '%' that begins no %xx: a '%' itself is written %25.",
    );
  }
}
