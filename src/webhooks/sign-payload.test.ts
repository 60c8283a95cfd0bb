import { expect, it } from "vitest";
import { signPayload } from "./sign-payload.ts";

it("signs as GitHub documents it", () => {
  // https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
  expect(signPayload("Hello, World!", "It's a Secret to Everybody")).toBe(
    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
  );
});

it("signs the bytes of UTF-8", () => {
  expect(signPayload("ü", "key")).not.toBe(signPayload("u", "key"));
});
