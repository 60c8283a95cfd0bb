import { ExecError } from "../errors.ts";
import type { AmqpAddress } from "./amqp-address.ts";

/**
 * What a failure of the client library means. The one place that knows its codes, RabbitMQ's reply codes
 * (https://www.rabbitmq.com/amqp-0-9-1-reference#constants) and Node's for sockets.
 */
export function amqpError(error: unknown, { shown, user, vhost }: AmqpAddress): ExecError {
  if (error instanceof ExecError) return error;
  const code = codeOf(error);
  const detail = error instanceof Error ? error.message : String(error);
  const permanent = (message: string) => new ExecError("Permanent", message, { cause: error });
  const transient = (message: string) => new ExecError("Transient", message, { cause: error });
  switch (code) {
    case "ACCESS_REFUSED":
      return detail.includes("Login was refused") || detail.includes("login refused")
        ? permanent(`RabbitMQ at ${shown} refuses user '${user}': the name or the password is wrong.`)
        : permanent(`RabbitMQ at ${shown} does not allow user '${user}' what Slipway needs: ${detail}`);
    case "NOT_ALLOWED":
      return detail.includes("not found")
        ? permanent(`RabbitMQ at ${shown} has no virtual host '${vhost}'.`)
        : permanent(
            `RabbitMQ at ${shown} does not let user '${user}' use virtual host '${vhost}': ${detail}`,
          );
    case "PRECONDITION_FAILED":
      return permanent(
        `RabbitMQ at ${shown} has a queue or exchange of Slipway's name with other settings: ${detail} Delete it, or choose another prefix.`,
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return transient(`RabbitMQ cannot be reached: the host of ${shown} is not known (${code}).`);
    case "ECONNREFUSED":
      return transient(`RabbitMQ cannot be reached: nothing listens at ${shown}.`);
    case "VERSION_MISMATCH":
      return permanent(`The server at ${shown} speaks another version of AMQP than 0-9-1: ${detail}`);
    case "CONN_CLOSE":
    case "READ_END":
      return transient(`The connection to RabbitMQ at ${shown} was closed.`);
    default:
      return isAboutTls(code)
        ? permanent(`RabbitMQ at ${shown} cannot be trusted or does not speak TLS: ${detail}`)
        : transient(`RabbitMQ at ${shown} cannot be used now: ${detail}`);
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}

function isAboutTls(code: string): boolean {
  return /^(ERR_TLS|ERR_SSL|EPROTO$|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code);
}
