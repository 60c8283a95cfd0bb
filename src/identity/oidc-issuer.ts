import { randomUUID } from "node:crypto";
import type { CryptoKey, JSONWebKeySet, JWK } from "jose";
import { defaultAudience, oidcClaims } from "./oidc-claims.ts";
import type { OidcKey } from "./oidc-key.ts";
import type { ServiceJob } from "./service-job.ts";

const LIFETIME_SECONDS = 300;

interface Signer {
  readonly key: CryptoKey;
  readonly jwk: JWK;
}

/** Proves to others who a job is, as GitHub's own issuer does. Key and library are loaded by the first use. */
export class OidcIssuer {
  /** Also the address the discovery document lies under. */
  readonly issuer: string;
  readonly #key: () => Promise<OidcKey>;
  readonly #clock: () => number;
  #signer: Promise<Signer> | undefined;

  constructor(options: { issuer: string; key: () => Promise<OidcKey>; clock: () => number }) {
    this.issuer = options.issuer;
    this.#key = options.key;
    this.#clock = options.clock;
  }

  /** A token for the audience, or for the owner of the repository where none is named. Good for five minutes. */
  async idToken(job: ServiceJob, audience: string | undefined): Promise<string> {
    const { SignJWT } = await import("jose");
    const { key, jwk } = await this.#sign();
    const now = Math.floor(this.#clock() / 1000);
    return new SignJWT({
      ...oidcClaims(job),
      iss: this.issuer,
      aud: audience || defaultAudience(job),
      jti: randomUUID(),
      iat: now,
      // Clocks of relying parties lag; GitHub allows the same.
      nbf: now - 300,
      exp: now + LIFETIME_SECONDS,
    })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", ...(jwk.kid !== undefined && { kid: jwk.kid }) })
      .sign(key);
  }

  async jwks(): Promise<JSONWebKeySet> {
    return { keys: [(await this.#sign()).jwk] };
  }

  discovery(): Record<string, unknown> {
    return {
      issuer: this.issuer,
      jwks_uri: `${this.issuer}/.well-known/jwks`,
      subject_types_supported: ["public", "pairwise"],
      response_types_supported: ["id_token"],
      claims_supported: SUPPORTED_CLAIMS,
      id_token_signing_alg_values_supported: ["RS256"],
      scopes_supported: ["openid"],
    };
  }

  #sign(): Promise<Signer> {
    this.#signer ??= this.#load().catch((error) => {
      this.#signer = undefined;
      throw error;
    });
    return this.#signer;
  }

  async #load(): Promise<Signer> {
    const [jose, pair] = await Promise.all([import("jose"), this.#key()]);
    const jwk = await jose.exportJWK(pair.publicKey);
    const kid = await jose.calculateJwkThumbprint(jwk);
    return {
      key: await jose.importPKCS8(pair.privatePem, "RS256"),
      jwk: { ...jwk, kid, alg: "RS256", use: "sig" },
    };
  }
}

const SUPPORTED_CLAIMS = [
  ...["sub", "aud", "exp", "iat", "iss", "jti", "nbf"],
  ...Object.keys(oidcClaims({ buildId: "", jobKey: "", attempt: 1, github: {} })).filter((c) => c !== "sub"),
  "environment",
];
