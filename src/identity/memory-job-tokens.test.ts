import { decodeJwt, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { readToken, signToken } from "./job-jwt.ts";
import { MemoryJobTokens } from "./memory-job-tokens.ts";
import type { ServiceJob } from "./service-job.ts";

const SECRET = new Uint8Array(32).fill(7);
const NOW = Date.UTC(2026, 0, 1);

const JOB: ServiceJob = {
  buildId: "build:1 with spaces",
  jobKey: "test[1]",
  attempt: 1,
  github: {
    repository: "acme/app",
    ref: "refs/pull/7/merge",
    base_ref: "release",
    event: { repository: { default_branch: "main" } },
  },
};

function tokensAt(time: { now: number } = { now: NOW }): MemoryJobTokens {
  return new MemoryJobTokens(SECRET, () => time.now);
}

describe("MemoryJobTokens", () => {
  it("makes a JWT that others' libraries read", async () => {
    const token = await tokensAt().issue(JOB, "runtime");
    const { payload, protectedHeader } = await jwtVerify(token, SECRET, {
      currentDate: new Date(NOW),
      audience: "slipway/runtime",
    });
    expect(protectedHeader.alg).toBe("HS256");
    expect(payload.exp).toBe(NOW / 1000 + 7 * 24 * 3600);
  });

  it("names run and job in scp as the toolkit reads it: three parts, no blank", async () => {
    const { scp } = decodeJwt<{ scp: string }>(await tokensAt().issue(JOB, "runtime"));
    expect(scp).toMatch(/^Actions\.Results:[0-9a-f-]{36}:[0-9a-f-]{36}$/);
  });

  it("lists cache scopes in ac: the own ref writable, base and default branch readable", async () => {
    const { ac } = decodeJwt<{ ac: string }>(await tokensAt().issue(JOB, "runtime"));
    expect(JSON.parse(ac)).toEqual([
      { Scope: "refs/pull/7/merge", Permission: 3 },
      { Scope: "refs/heads/release", Permission: 1 },
      { Scope: "refs/heads/main", Permission: 1 },
    ]);
  });

  it("knows the job of its own token", async () => {
    const tokens = tokensAt();
    const identity = await tokens.identify(await tokens.issue(JOB, "runtime"), "runtime");
    expect(identity.job).toBe(JOB);
    expect(identity.space).toBe("acme/app");
  });

  it("tells jobs, attempts and builds apart, and gives the jobs of one build one run id", async () => {
    const tokens = tokensAt();
    const of = async (change: Partial<ServiceJob>) =>
      tokens.identify(await tokens.issue({ ...JOB, ...change }, "runtime"), "runtime");
    const changes = [{}, { jobKey: "test[2]" }, { attempt: 2 }, { buildId: "b2" }];
    const ids = await Promise.all(changes.map(of));
    expect(new Set(ids.map((id) => id.jobBackendId)).size).toBe(4);
    expect(ids[1]?.runBackendId).toBe(ids[0]?.runBackendId);
    expect(ids[3]?.runBackendId).not.toBe(ids[0]?.runBackendId);
  });

  it("refuses a revoked job's token, and no other", async () => {
    const tokens = tokensAt();
    const gone = await tokens.issue(JOB, "runtime");
    const stays = await tokens.issue({ ...JOB, attempt: 2 }, "runtime");
    const { liveId } = await tokens.identify(gone, "runtime");
    expect(await tokens.isLive(liveId)).toBe(true);
    expect(await tokens.revoke(JOB)).toBe(liveId);
    expect(await tokens.revoke(JOB)).toBeUndefined();
    expect(await tokens.isLive(liveId)).toBe(false);
    await expect(tokens.identify(gone, "runtime")).rejects.toThrow("the job this token belongs to has ended");
    expect((await tokens.identify(stays, "runtime")).job.attempt).toBe(2);
  });

  it("refuses an expired token", async () => {
    const time = { now: NOW };
    const tokens = tokensAt(time);
    const token = await tokens.issue(JOB, "runtime");
    time.now += 7 * 24 * 3600 * 1000;
    await expect(tokens.identify(token, "runtime")).rejects.toThrow("the token expired");
  });

  it.each([
    ["runtime", "id-token"],
    ["runtime", "git"],
    ["id-token", "runtime"],
    ["git", "runtime"],
    ["git", "id-token"],
  ] as const)("refuses a token for %s as one for %s", async (given, wanted) => {
    const tokens = tokensAt();
    const token = await tokens.issue(JOB, given);
    await expect(tokens.identify(token, wanted)).rejects.toThrow("another purpose");
  });

  it.each([
    ["nothing", ""],
    ["no JWT", "hello"],
    ["another's secret", signToken({ aud: "slipway/runtime" }, new Uint8Array(32))],
    ["alg none", `${btoa('{"alg":"none"}')}.${btoa("{}")}.`],
    ["a fourth part", `${signToken({}, SECRET)}.x`],
  ])("refuses %s", async (_, token) => {
    await expect(tokensAt().identify(token, "runtime")).rejects.toThrow("none of a job's here");
  });

  it("refuses a token with any one character changed", () => {
    const token = signToken({ aud: "slipway/runtime", sub: "x" }, SECRET);
    expect(readToken(token, SECRET)).toEqual({ aud: "slipway/runtime", sub: "x" });
    const changed = [...token].map(
      (c, i) => token.slice(0, i) + (c === "A" ? "B" : "A") + token.slice(i + 1),
    );
    // The last character of base64url carries bits that are not part of the value.
    for (const other of changed.slice(0, -1)) expect(readToken(other, SECRET)).toBeUndefined();
  });
});
