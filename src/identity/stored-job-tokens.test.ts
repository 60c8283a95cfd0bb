import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import { ExecError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import type { Status } from "../status.ts";
import { signToken } from "./job-jwt.ts";
import { type JobRecords, jobOf, jobRecords } from "./job-records.fixture.ts";
import { MasterKey } from "./master-key.ts";
import { oidcClaims } from "./oidc-claims.ts";
import { StoredJobTokens } from "./stored-job-tokens.ts";

const MASTER = new MasterKey(new Uint8Array(32).fill(1));
const GITHUB: JsonObject = {
  ...{ repository: "acme/app", repository_owner: "acme", ref: "refs/pull/7/merge", base_ref: "release" },
  ...{ sha: "2".repeat(40), event_name: "pull_request", workflow: "ci", run_id: "5", run_attempt: "1" },
  token: "not for a token",
  event: {
    repository: { id: 9, default_branch: "main", private: true, owner: { id: 3, login: "acme" } },
    commits: [{ message: "x".repeat(100_000) }],
  },
};

async function open(): Promise<JobRecords> {
  const records = await jobRecords();
  await records.project("p1");
  return records;
}

/** As another process of the server has them. */
function server({ store, clock }: JobRecords, ...keys: MasterKey[]): StoredJobTokens {
  const [first = MASTER, ...older] = keys;
  return new StoredJobTokens({ builds: store.builds, masterKeys: [first, ...older], clock });
}

describe("StoredJobTokens", () => {
  it("gives tokens that every process of the server reads, and tells them where the job belongs", async () => {
    const records = await open();
    const claim = await records.build("b1");
    const token = await server(records).issue({ ...jobOf(claim), github: GITHUB }, "runtime");
    expect(await server(records).identify(token, "runtime")).toMatchObject({
      projectId: "p1",
      space: "p1",
      runId: "b1",
      liveId: "b1/test/1",
      sha: "1".repeat(40),
      job: { buildId: "b1", jobKey: "test", attempt: 1 },
      scopes: { read: ["refs/pull/7/merge", "refs/heads/release", "refs/heads/main"] },
    });
  });

  it("names the run of the first attempt in those of a later one: they share its artifacts", async () => {
    const records = await open();
    const first = await records.build("b1");
    const runOf = async (claim: typeof first) => {
      const { scp } = decodeJwt<{ scp: string }>(
        await server(records).issue({ ...jobOf(claim), github: {} }, "runtime"),
      );
      return scp.split(":")[1];
    };
    const run = await runOf(first);
    await records.end(first, "test");
    const at = records.clock.now();
    await records.store.builds.advance(first.lease, [{ kind: "build-moved", to: "succeeded", at }]);
    const again = await records.build("b2", { rerunOf: "b1" });
    expect(await runOf(again)).toBe(run);
    expect(await runOf(await records.build("b3"))).not.toBe(run);
  });

  it("carries what id tokens say, and nothing else of the event: it fits a header", async () => {
    const records = await open();
    const claim = await records.build("b1");
    const job = { ...jobOf(claim), github: GITHUB, environment: "production" };
    const token = await server(records).issue(job, "id-token");
    expect(token.length).toBeLessThan(3000);
    expect(JSON.stringify(decodeJwt(token))).not.toContain("not for a token");
    const identity = await server(records).identify(token, "id-token");
    expect(oidcClaims(identity.job)).toEqual(oidcClaims(job));
  });

  it.each<Status>(["succeeded", "failed", "cancelled"])(
    "refuses the token of a job that %s, within a second",
    async (status) => {
      const records = await open();
      const claim = await records.build("b1");
      const tokens = server(records);
      const token = await tokens.issue({ ...jobOf(claim), github: {} }, "git");
      await tokens.identify(token, "git");
      await records.end(claim, "test", 1, status);
      records.clock.advance(1000);
      await expect(tokens.identify(token, "git")).rejects.toMatchObject({
        code: "Unauthorized",
        message: "the job this token belongs to has ended",
      });
    },
  );

  it("asks the records at most once a second for a job", async () => {
    const records = await open();
    const claim = await records.build("b1");
    let asked = 0;
    const { builds } = records.store;
    const counting = {
      get: (id: string) => builds.get(id),
      jobs: (id: string) => builds.jobs(id),
      job: (id: string) => {
        asked++;
        return builds.job(id);
      },
    };
    const tokens = new StoredJobTokens({ builds: counting, masterKeys: [MASTER], clock: records.clock });
    const token = await tokens.issue({ ...jobOf(claim), github: {} }, "runtime");
    for (let i = 0; i < 5; i++) await tokens.identify(token, "runtime");
    expect(asked).toBe(1);
    records.clock.advance(1000);
    await tokens.identify(token, "runtime");
    expect(asked).toBe(2);
  });

  it("does not take a failure of the records for the end of the job", async () => {
    const records = await open();
    const claim = await records.build("b1");
    const { builds } = records.store;
    let down = true;
    const flaky = {
      get: (id: string) => builds.get(id),
      jobs: (id: string) => builds.jobs(id),
      job: async (id: string) => {
        if (down) throw new ExecError("Transient", "the database does not answer");
        return builds.job(id);
      },
    };
    const tokens = new StoredJobTokens({ builds: flaky, masterKeys: [MASTER], clock: records.clock });
    const token = await tokens.issue({ ...jobOf(claim), github: {} }, "runtime");
    await expect(tokens.identify(token, "runtime")).rejects.toMatchObject({ code: "Transient" });
    down = false;
    expect((await tokens.identify(token, "runtime")).liveId).toBe("b1/test/1");
  });

  it("refuses the token of an attempt that was lost, not that of the next one", async () => {
    const records = await open();
    const claim = await records.build("b1");
    const tokens = server(records);
    const lost = await tokens.issue({ ...jobOf(claim), github: {} }, "runtime");
    await records.end(claim, "test", 1, "failed");
    await records.job(claim, "test", 2);
    const next = await tokens.issue({ ...jobOf(claim, "test", 2), github: {} }, "runtime");
    await expect(tokens.identify(lost, "runtime")).rejects.toMatchObject({ code: "Unauthorized" });
    expect((await tokens.identify(next, "runtime")).job.attempt).toBe(2);
  });

  it("refuses a revoked job at once in this process, and lets the records decide again soon", async () => {
    const records = await open();
    const claim = await records.build("b1");
    const tokens = server(records);
    const token = await tokens.issue({ ...jobOf(claim), github: {} }, "runtime");
    expect(await tokens.revoke(jobOf(claim))).toBe("b1/test/1");
    expect(await tokens.revoke(jobOf(claim))).toBeUndefined();
    await expect(tokens.identify(token, "runtime")).rejects.toMatchObject({ code: "Unauthorized" });
    records.clock.advance(10_000);
    expect((await tokens.identify(token, "runtime")).liveId).toBe("b1/test/1");
  });

  it("waits a moment for a job to come into the records", async () => {
    const records = await open();
    const claim = await records.build("b1");
    const token = server(records).issue({ ...jobOf(claim, "test", 2), github: {} }, "runtime");
    await expect.poll(() => records.clock.pending).toBe(1);
    await records.job(claim, "test", 2);
    records.clock.advance(50);
    expect((await server(records).identify(await token, "runtime")).job.attempt).toBe(2);
  });

  it("gives none to a job that does not, nor for a build that is not there", async () => {
    const records = await open();
    const claim = await records.build("b1");
    let failed: unknown;
    const token = server(records).issue({ ...jobOf(claim, "other"), github: {} }, "runtime");
    token.catch((error) => {
      failed = error;
    });
    await expect
      .poll(
        () => {
          records.clock.advance(50);
          return failed;
        },
        { interval: 1, timeout: 10_000 },
      )
      .toMatchObject({ code: "Transient", message: expect.stringContaining("is not in the records") });
    const nowhere = { buildId: "none", jobKey: "test", attempt: 1, github: {} };
    await expect(server(records).issue(nowhere, "runtime")).rejects.toMatchObject({ code: "NotFound" });
  });

  it("believes tokens of the master key before this one, and of no other", async () => {
    const records = await open();
    const claim = await records.build("b1");
    const next = MasterKey.random();
    const old = await server(records).issue({ ...jobOf(claim), github: {} }, "runtime");
    expect((await server(records, next, MASTER).identify(old, "runtime")).liveId).toBe("b1/test/1");
    await expect(server(records, next).identify(old, "runtime")).rejects.toMatchObject({
      code: "Unauthorized",
    });
  });

  it.each([
    ["runtime", "id-token"],
    ["runtime", "git"],
    ["git", "runtime"],
    ["id-token", "git"],
  ] as const)("refuses a token for %s as one for %s", async (given, wanted) => {
    const records = await open();
    const claim = await records.build("b1");
    const token = await server(records).issue({ ...jobOf(claim), github: {} }, given);
    await expect(server(records).identify(token, wanted)).rejects.toThrow("another purpose");
  });

  it("refuses an expired token, and a signed one that says nothing of a job", async () => {
    const records = await open();
    const claim = await records.build("b1");
    const token = await server(records).issue({ ...jobOf(claim), github: {} }, "runtime");
    records.clock.advance(8 * 24 * 3600 * 1000);
    await expect(server(records).identify(token, "runtime")).rejects.toThrow("the token expired");
    const exp = records.clock.now() / 1000 + 60;
    const bare = signToken({ aud: "slipway/runtime", exp }, MASTER.derive("signing tokens of jobs"));
    await expect(server(records).identify(bare, "runtime")).rejects.toMatchObject({ code: "Unauthorized" });
  });
});
