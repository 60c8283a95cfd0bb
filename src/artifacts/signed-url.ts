import { createHmac, timingSafeEqual } from "node:crypto";
import { ExecError } from "../errors.ts";

/** What an address allows, as in a shared access signature of Azure's: `r` to read, `w` to write. */
export interface Grant {
  /** From the root, percent-encoded, e.g. `/blobs/uploads/1f…`. */
  readonly path: string;
  readonly access: "r" | "w";
  /** `JobIdentity.liveId` of the job it was made for; it dies with the job. */
  readonly job: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
  readonly contentType?: string;
  /** Name of the file, for whoever saves what they read. */
  readonly fileName?: string;
}

/** The path and query of the address. `sig` is the name by which the clients find what they must mask. */
export function signUrl(grant: Grant, secret: Uint8Array): string {
  const query = new URLSearchParams({
    sp: grant.access,
    se: String(grant.expiresAt),
    sid: grant.job,
    ...(grant.contentType !== undefined && { rsct: grant.contentType }),
    ...(grant.fileName !== undefined && { rscd: grant.fileName }),
    sig: signature(grant, secret),
  });
  return `${grant.path}?${query}`;
}

/** Throws `Forbidden` where the address was not made here, or is too old. Other parameters of the query are free. */
export function readSignedUrl(url: URL, secret: Uint8Array, now: number): Grant {
  const get = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  const access = get("sp");
  const contentType = get("rsct");
  const fileName = get("rscd");
  if (access !== "r" && access !== "w") throw new ExecError("Forbidden", "this address is not signed");
  const grant: Grant = {
    path: url.pathname,
    access,
    job: get("sid") ?? "",
    expiresAt: Number(get("se")),
    ...(contentType !== undefined && { contentType }),
    ...(fileName !== undefined && { fileName }),
  };
  const given = Buffer.from(get("sig") ?? "");
  const expected = Buffer.from(signature(grant, secret));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new ExecError("Forbidden", "the signature of this address is not right");
  }
  if (!(grant.expiresAt > now)) throw new ExecError("Forbidden", "this address has expired");
  return grant;
}

function signature(grant: Grant, secret: Uint8Array): string {
  const text = JSON.stringify([
    grant.path,
    grant.access,
    grant.job,
    grant.expiresAt,
    grant.contentType ?? null,
    grant.fileName ?? null,
  ]);
  return createHmac("sha256", secret).update(text).digest("base64url");
}
