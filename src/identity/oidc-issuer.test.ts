import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mayRequestIdToken, oidcClaims } from "./oidc-claims.ts";
import { OidcIssuer } from "./oidc-issuer.ts";
import { oidcKey } from "./oidc-key.ts";
import type { ServiceJob } from "./service-job.ts";

const NOW = Date.UTC(2026, 0, 1);
const JOB: ServiceJob = {
  buildId: "b",
  jobKey: "j",
  attempt: 1,
  github: {
    repository: "acme/app",
    repository_owner: "acme",
    repository_id: "42",
    ref: "refs/heads/main",
    ref_type: "branch",
    sha: "a".repeat(40),
    actor: "mona",
    event_name: "push",
    workflow: "CI",
    workflow_ref: "acme/app/.github/workflows/ci.yml@refs/heads/main",
    run_id: "1",
    run_number: 2,
    run_attempt: "3",
    head_ref: "",
    base_ref: "",
    event: { repository: { private: false, owner: { id: 9 } } },
  },
};

function issuer(keyDirectory?: string): OidcIssuer {
  return new OidcIssuer({
    issuer: "http://127.0.0.1:1234",
    key: () => oidcKey(keyDirectory),
    clock: () => NOW,
  });
}

describe("OidcIssuer", () => {
  it("gives GitHub's claims, checked with the published key", async () => {
    const oidc = issuer();
    const { payload, protectedHeader } = await jwtVerify(
      await oidc.idToken(JOB, "sts.example.com"),
      createLocalJWKSet(await oidc.jwks()),
      { issuer: "http://127.0.0.1:1234", audience: "sts.example.com", currentDate: new Date(NOW) },
    );
    expect(protectedHeader).toMatchObject({ alg: "RS256", typ: "JWT" });
    expect(payload).toMatchObject({
      sub: "repo:acme/app:ref:refs/heads/main",
      repository: "acme/app",
      repository_owner: "acme",
      repository_id: "42",
      repository_owner_id: "9",
      repository_visibility: "public",
      ref: "refs/heads/main",
      ref_type: "branch",
      sha: "a".repeat(40),
      actor: "mona",
      event_name: "push",
      workflow: "CI",
      job_workflow_ref: "acme/app/.github/workflows/ci.yml@refs/heads/main",
      run_id: "1",
      run_number: "2",
      run_attempt: "3",
      runner_environment: "self-hosted",
      iat: NOW / 1000,
      exp: NOW / 1000 + 300,
    });
    expect(Object.keys(payload)).not.toContain("environment");
  });

  it("publishes no private part of its key", async () => {
    const [jwk] = (await issuer().jwks()).keys;
    expect(Object.keys(jwk ?? {}).sort()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
  });

  it("names the owner as audience where the job names none", async () => {
    const oidc = issuer();
    const { payload } = await jwtVerify(
      await oidc.idToken(JOB, undefined),
      createLocalJWKSet(await oidc.jwks()),
      { currentDate: new Date(NOW) },
    );
    expect(payload.aud).toBe("https://github.com/acme");
  });

  it("says in its discovery document where its keys are", () => {
    expect(issuer().discovery()).toMatchObject({
      issuer: "http://127.0.0.1:1234",
      jwks_uri: "http://127.0.0.1:1234/.well-known/jwks",
      id_token_signing_alg_values_supported: ["RS256"],
    });
  });

  describe("with a folder for its key", () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "slipway-oidc-"));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    it("keeps one key over restarts, also when two begin at once, readable by its user only", async () => {
      const directory = join(folder, "keys");
      const [a, b] = await Promise.all([issuer(directory).jwks(), issuer(directory).jwks()]);
      expect(a).toEqual(b);
      expect(await issuer(directory).jwks()).toEqual(a);
      expect((await stat(join(directory, "oidc-key.pem"))).mode & 0o777).toBe(0o600);
    });

    it("says which file is broken", async () => {
      await writeFile(join(folder, "oidc-key.pem"), "no key");
      await expect(issuer(folder).jwks()).rejects.toThrow(/cannot use the signing key .*oidc-key\.pem/);
    });
  });
});

describe("oidcClaims", () => {
  const github = { repository: "acme/app", ref: "refs/pull/1/merge", event_name: "pull_request" };
  it.each([
    ["a pull request", {}, "repo:acme/app:pull_request"],
    ["an environment, whatever the event", { environment: "prod" }, "repo:acme/app:environment:prod"],
    ["an environment with a colon", { environment: "a:ref:b" }, "repo:acme/app:environment:a%3Aref%3Ab"],
  ])("takes as subject of %s %j", (_, change, sub) => {
    expect(oidcClaims({ ...JOB, github, ...change })).toMatchObject({ sub });
  });

  it("names the called workflow's file where the job is in one", () => {
    const jobWorkflowRef = "acme/shared/.github/workflows/x.yml@v1";
    expect(oidcClaims({ ...JOB, jobWorkflowRef })).toMatchObject({ job_workflow_ref: jobWorkflowRef });
  });
});

describe("mayRequestIdToken", () => {
  it.each([
    [undefined, false],
    ["read-all", false],
    ["write-all", true],
    [{ contents: "write" }, false],
    [{ "id-token": "read" }, false],
    [{ "id-token": "write" }, true],
  ] as const)("%j: %s", (permissions, expected) => {
    expect(mayRequestIdToken(permissions)).toBe(expected);
  });
});
