import { Code, type Interceptor } from "@connectrpc/connect";
import type { Clock } from "../../clock.ts";
import { newId } from "../../new-id.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { toConnectError } from "./connect-error.ts";

export interface CallObservers {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Gives each call an id, measures it, logs what fails, and turns errors into statuses. The outermost interceptor. */
export function observeCalls({ clock, logger, metrics }: CallObservers): Interceptor {
  return (next) => async (request) => {
    const given = request.header.get("x-request-id") ?? "";
    const requestId = /^[\w.-]{1,100}$/.test(given) ? given : newId(clock.now());
    const method = `${request.service.typeName}/${request.method.name}`;
    const started = clock.monotonic();
    const ended = (code: string) =>
      metrics.observe("slipway_rpc_request_seconds", (clock.monotonic() - started) / 1_000, { method, code });
    const failed = (error: unknown) => {
      const answer = toConnectError(error, requestId);
      const fields = { requestId, method, code: Code[answer.code], error: answer.rawMessage };
      if (answer.code === Code.Internal || answer.code === Code.Unknown)
        logger.error({ ...fields, cause: error }, "A call failed.");
      else logger.debug(fields, "A call was refused.");
      ended(Code[answer.code]);
      return answer;
    };
    try {
      const response = await next(request);
      response.header.set("x-request-id", requestId);
      if (response.stream) return { ...response, message: followed(response.message, ended, failed) };
      ended("Ok");
      return response;
    } catch (error) {
      throw failed(error);
    }
  };
}

/** The same messages, and word of how they ended: all sent, failed, or given up by the client. */
async function* followed<T>(
  messages: AsyncIterable<T>,
  ended: (code: string) => void,
  failed: (error: unknown) => Error,
): AsyncGenerator<T> {
  let told = false;
  try {
    yield* messages;
    told = true;
    ended("Ok");
  } catch (error) {
    told = true;
    throw failed(error);
  } finally {
    if (!told) ended(Code[Code.Canceled]);
  }
}
