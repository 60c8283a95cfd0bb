import { hash, randomBytes } from "node:crypto";

const PREFIX = "slw_";
const API_TOKEN = /^slw_[\w-]{43}$/;

/** A new API token: 256 random bits behind a prefix by which scanners for leaked secrets know it. */
export function newApiToken(): string {
  return PREFIX + randomBytes(32).toString("base64url");
}

/** True for what could be one; says nothing of whether it is any good. */
export function isApiToken(text: string): boolean {
  return API_TOKEN.test(text);
}

/** What the records keep of a token or code: SHA-256 in hex. With 256 random bits no slower hash is needed. */
export function hashCredential(text: string): string {
  return hash("sha256", text, "hex");
}
