/**
 * Signed tokens of our own, read by nobody else: JWTs with HS256. Node's own crypto, because every job with a `uses`
 * step needs one and loading `jose` costs 20 ms; `jose` reads them in the tests.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { JsonObject } from "../json.ts";

const HEADER = base64url(JSON.stringify({ alg: "HS256", typ: "JWT" }));

export function signToken(claims: JsonObject, secret: Uint8Array): string {
  const signed = `${HEADER}.${base64url(JSON.stringify(claims))}`;
  return `${signed}.${mac(signed, secret).toString("base64url")}`;
}

/** The claims; undefined where the token is not one of ours. Says nothing of its times. */
export function readToken(token: string, secret: Uint8Array): JsonObject | undefined {
  const [header, payload, signature, ...rest] = token.split(".");
  if (header !== HEADER || !payload || !signature || rest.length > 0) return undefined;
  const expected = mac(`${header}.${payload}`, secret);
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as JsonObject;
}

function mac(text: string, secret: Uint8Array): Buffer {
  return createHmac("sha256", secret).update(text).digest();
}

function base64url(text: string): string {
  return Buffer.from(text, "utf8").toString("base64url");
}
