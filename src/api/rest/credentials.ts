import type { IncomingHttpHeaders } from "node:http";
import { RequestError } from "../problem.ts";

const SESSION_COOKIE = "slipway_session";

export interface Credentials {
  readonly bearer: string | undefined;
  readonly from: "header" | "cookie" | "none";
}

/** The token of a request: of `Authorization`, else of the session's cookie. */
export function credentialsOf(headers: IncomingHttpHeaders): Credentials {
  const header = headers.authorization;
  if (header !== undefined) {
    return { bearer: /^bearer +(\S+)$/i.exec(header)?.[1], from: "header" };
  }
  const cookie = cookieOf(headers.cookie);
  return cookie === undefined ? { bearer: undefined, from: "none" } : { bearer: cookie, from: "cookie" };
}

function cookieOf(header: string | undefined): string | undefined {
  for (const pair of header?.split(";") ?? []) {
    const [name, ...value] = pair.trim().split("=");
    if (name === SESSION_COOKIE) return value.join("=") || undefined;
  }
  return undefined;
}

/**
 * A browser sends the cookie whoever made it ask: what changes something, or opens a WebSocket, must come from a page of
 * this server. Throws `CrossSite`.
 */
export function requireSameOrigin(headers: IncomingHttpHeaders, publicUrl: string): void {
  const { origin } = headers;
  if (origin !== undefined) {
    if (
      URL.canParse(origin) &&
      (origin === new URL(publicUrl).origin || new URL(origin).host === headers.host)
    )
      return;
  } else if (headers["sec-fetch-site"] === "same-origin") return;
  throw new RequestError(
    "CrossSite",
    "The session's cookie is taken for this only from pages of this server; send a token in Authorization.",
  );
}

/** `Set-Cookie` of a session; `maxAgeS` 0 ends it. */
export function sessionCookie(bearer: string, maxAgeS: number, publicUrl: string): string {
  const secure = publicUrl.startsWith("https:") ? "; Secure" : "";
  return `${SESSION_COOKIE}=${bearer}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeS}${secure}`;
}
