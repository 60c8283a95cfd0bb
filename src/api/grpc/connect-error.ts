import { create } from "@bufbuild/protobuf";
import { DurationSchema, durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { ExecError } from "../../errors.ts";
import { ErrorDetailSchema } from "./gen/ci/v1/error_pb.ts";
import { ERROR_CODE } from "./messages/enums.ts";
import { present } from "./messages/present.ts";
import { errorCodeOf, statusCodeOf } from "./status-code.ts";

/** Errors travel in HTTP trailers, which have a limit: so much of a message in the status, so much in its detail. */
const MAX_STATUS = 4_000;
const MAX_DETAIL = 20_000;

/** An error as a call answers it. What is no `ExecError` is our mistake, and is not told. */
export function toConnectError(error: unknown, requestId: string): ConnectError {
  if (error instanceof ConnectError) return error;
  const known =
    error instanceof ExecError
      ? error
      : new ExecError("Permanent", `Something went wrong here (request ${requestId}).`, { cause: error });
  const { code, message, retryable, retryAfterMs } = known;
  const detail = create(ErrorDetailSchema, {
    code: ERROR_CODE.toWire(code),
    message: cut(message, MAX_DETAIL),
    retryable,
    requestId,
    ...present({
      retryAfter: retryAfterMs === undefined ? undefined : durationFromMs(Math.round(retryAfterMs)),
    }),
  });
  const details = [{ desc: ErrorDetailSchema, value: detail }];
  return new ConnectError(
    cut(message, MAX_STATUS),
    statusCodeOf(code),
    { "x-request-id": requestId },
    details,
    error,
  );
}

/** The error that the other side had, or that befell the connection. */
export function fromConnectError(error: unknown): ExecError {
  if (error instanceof ExecError) return error;
  const connect = ConnectError.from(error);
  const [detail] = connect.findDetails(ErrorDetailSchema);
  const code = detail === undefined ? undefined : ERROR_CODE.toWordIfAny(detail.code);
  if (detail === undefined || code === undefined) {
    return new ExecError(errorCodeOf(connect.code), connect.rawMessage, { cause: error });
  }
  const retryAfter = detail.retryAfter;
  return new ExecError(code, detail.message, {
    retryable: detail.retryable,
    cause: error,
    ...present({
      retryAfterMs: retryAfter === undefined ? undefined : durationMs(create(DurationSchema, retryAfter)),
    }),
  });
}

function cut(message: string, length: number): string {
  return message.length <= length ? message : `${message.slice(0, length - 1)}…`;
}
