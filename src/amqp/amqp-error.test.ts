import { expect, it } from "vitest";
import { ExecError } from "../errors.ts";
import { readAmqpUrl } from "./amqp-address.ts";
import { amqpError } from "./amqp-error.ts";

const address = readAmqpUrl("amqp://ci:hunter2@mq:5672/builds");

function failure(code: string | undefined, message: string): Error {
  return code === undefined ? new Error(message) : Object.assign(new Error(message), { code });
}

it.each<[string | undefined, string, string, RegExp]>([
  [
    "ACCESS_REFUSED",
    "ConnectionStartOK: ACCESS_REFUSED - Login was refused using …",
    "Permanent",
    /refuses user 'ci'/,
  ],
  ["ACCESS_REFUSED", "QueueDeclare: access to queue refused", "Permanent", /does not allow user 'ci'/],
  ["NOT_ALLOWED", "ConnectionOpen: vhost builds not found", "Permanent", /no virtual host 'builds'/],
  ["NOT_ALLOWED", "access to vhost refused for user", "Permanent", /does not let user 'ci' use/],
  ["PRECONDITION_FAILED", "inequivalent arg", "Permanent", /with other settings: inequivalent arg/],
  ["VERSION_MISMATCH", "0-9", "Permanent", /another version/],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "wrong version number", "Permanent", /does not speak TLS/],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate", "Permanent", /cannot be trusted/],
  ["ECONNREFUSED", "connect ECONNREFUSED", "Transient", /nothing listens at amqp:\/\/mq:5672\/builds/],
  ["ENOTFOUND", "getaddrinfo", "Transient", /host .* is not known/],
  ["CONN_CLOSE", "closed", "Transient", /was closed/],
  ["NACK", "message rejected by server", "Transient", /message rejected by server/],
  [undefined, "anything", "Transient", /anything/],
])("says what %s (%s) means", (code, text, expected, message) => {
  const error = amqpError(failure(code, text), address);
  expect(error).toMatchObject({ code: expected, message: expect.stringMatching(message) });
  expect(error.message).not.toContain("hunter2");
});

it("leaves an error of ours as it is, and takes what is no error", () => {
  const own = new ExecError("Conflict", "ours");
  expect(amqpError(own, address)).toBe(own);
  expect(amqpError("text", address)).toMatchObject({ code: "Transient" });
});
