// What people and rules do to builds: cancel, run again, approve, queue behind others, fire by a clock.
import { expect, it } from "vitest";
import { ApiProject, type BuildAnswer, statesOf } from "../support/api-project.ts";
import { waitFor } from "../support/server.ts";
import type { World } from "./world.ts";

const LIMIT_MS = 150_000;

export function controlSuite(given: () => World): void {
  const at = () => given().platform.api;
  const isRunning = ({ jobs }: BuildAnswer) =>
    jobs.some(({ steps }) => steps.some(({ status, number }) => number > 0 && status === "running"));
  let projects = 0;
  /** One of its own, so that its limits and groups hold nobody else up. */
  const addProject = (more = {}) => {
    projects += 1;
    return ApiProject.add(() => given().platform.api, `acme/control-${projects}`, given().repository, more);
  };

  it(
    "cancels a build that runs, one that is queued, and no other; asking again changes nothing",
    async () => {
      const project = await addProject({ settings: { maxBuilds: 1 } });
      const gate = given().gate();
      const inputs = { gate: gate.path };
      const running = await project.start("held", { inputs });
      await project.until(running.id, isRunning);
      const queued = await project.start("held", { inputs });
      const cancel = (id: string, reason: string) =>
        at().api<BuildAnswer>("POST", `${project.builds}/${id}/cancel`, { reason });
      expect((await project.build(queued.id)).status).toBe("queued");

      expect(await cancel(queued.id, "not wanted")).toMatchObject({
        status: 200,
        body: { status: "cancelled", cancelReason: "not wanted" },
      });
      expect((await cancel(running.id, "too slow")).status).toBe(200);
      await cancel(running.id, "another reason");
      const ended = await project.ended(running.id);
      expect(ended).toMatchObject({ status: "cancelled", cancelReason: "too slow" });
      expect(statesOf(ended)).toEqual({ held: "cancelled" });
      expect(await project.log(ended, "held")).toContain("waiting");

      const done = await project.run("one");
      expect((await cancel(done.id, "too late")).body).toMatchObject({ status: "succeeded" });
      expect(await cancel(queued.id, "again")).toMatchObject({
        status: 200,
        body: { cancelReason: "not wanted" },
      });
    },
    LIMIT_MS,
  );

  it(
    "runs again what failed, one job, or all, and keeps each attempt readable",
    async () => {
      const { project } = given();
      const gate = given().gate();
      const first = await project.run("flaky", { inputs: { gate: gate.path } });
      expect(first.status).toBe("failed");
      expect(statesOf(first)).toEqual({ good: "succeeded", bad: "failed", after: "skipped" });
      const rerun = async (body: object, of = first) =>
        await project.ended(
          (await at().ok<{ id: string }>("POST", `${project.builds}/${of.id}/rerun`, body)).id,
        );
      gate.open();

      const failed = await rerun({ what: "failed" });
      expect(failed).toMatchObject({
        status: "succeeded",
        attempt: 2,
        number: first.number,
        rootId: first.id,
        trigger: "rerun",
      });
      expect(statesOf(failed)).toEqual({ good: "succeeded", bad: "succeeded", after: "succeeded" });
      expect(
        failed.jobs.filter(({ carriedFrom }) => carriedFrom !== undefined).map(({ key }) => key),
      ).toEqual(["good"]);
      expect(await project.log(failed, "bad")).toContain("bad ran in attempt 2");

      const one = await rerun({ what: "job", job: "bad" }, failed);
      expect(one).toMatchObject({ status: "succeeded", attempt: 3 });
      expect(await project.log(one, "after")).toContain("after ran in attempt 3");
      const all = await rerun({ what: "all" }, one);
      expect(all).toMatchObject({ status: "succeeded", attempt: 4 });
      expect(await project.log(all, "good")).toContain("good ran in attempt 4");

      expect(await project.build(first.id)).toMatchObject({ status: "failed", attempt: 1 });
      expect(await project.log(first, "bad")).toContain("bad ran in attempt 1");
      const attempts = await at().ok<{ items: { attempt: number }[] }>(
        "GET",
        `${project.builds}/${first.id}/attempts`,
      );
      expect(attempts.items.map(({ attempt }) => attempt).sort()).toEqual([1, 2, 3, 4]);
      const found = await at().ok<{ items: { attempt: number }[] }>(
        "GET",
        `${project.builds}?number=${first.number}`,
      );
      expect(found.items.map(({ attempt }) => attempt)).toEqual([4, 3, 2, 1]);
      for (const [body, status] of [
        [{ what: "job", job: "nothing" }, 422],
        [{ what: "half" }, 422],
      ] as const)
        expect((await at().api("POST", `${project.builds}/${all.id}/rerun`, body)).status).toBe(status);
    },
    LIMIT_MS,
  );

  it(
    "runs no build again that has not ended",
    async () => {
      const { project } = given();
      const gate = given().gate();
      const { id } = await project.start("held", { inputs: { gate: gate.path } });
      const answer = await at().api<{ code: string }>("POST", `${project.builds}/${id}/rerun`, {
        what: "all",
      });
      gate.open();
      expect([answer.status, answer.body.code]).toEqual([409, "Conflict"]);
      expect((await project.ended(id)).status).toBe("succeeded");
    },
    LIMIT_MS,
  );

  it(
    "lets a job wait for a reviewer, who approves or rejects it",
    async () => {
      const project = await addProject();
      await at().ok("PUT", `${project.path}/environments/production`, { reviewers: ["rita"] });
      await at().ok("PUT", `${project.path}/secrets/DEPLOY_KEY`, { value: "the-deploy-key" });
      const tokenOf = async (name: string) =>
        (
          await at().ok<{ token: string }>("POST", "tokens", {
            name,
            permissions: ["project:write"],
            project: project.id,
          })
        ).token;
      const rita = { authorization: `Bearer ${await tokenOf("rita")}` };
      const other = { authorization: `Bearer ${await tokenOf("otto")}` };
      const waiting = async () => {
        const { id } = await project.start("deploy");
        return await project.until(id, ({ jobs }) => jobs.some(({ status }) => status === "waiting"));
      };
      const decide = (
        id: string,
        verb: "approve" | "reject",
        headers: Record<string, string>,
        body: object = {},
      ) => at().api<{ code?: string }>("POST", `${project.builds}/${id}/${verb}`, body, headers);

      const first = await waiting();
      expect(first.status).toBe("running");
      expect(statesOf(first)).toEqual({ deploy: "waiting" });
      expect((await decide(first.id, "approve", other)).status).toBe(403);
      expect((await decide(first.id, "approve", rita, { environment: "elsewhere" })).status).toBe(404);
      expect((await decide(first.id, "approve", rita, { comment: "looks good" })).status).toBe(200);
      const deployed = await project.ended(first.id);
      expect(deployed).toMatchObject({
        status: "succeeded",
        approvals: [
          { environment: "production", state: "approved", decidedBy: "rita", comment: "looks good" },
        ],
      });
      expect(await project.log(deployed, "deploy")).toContain("deployed ***");
      expect((await decide(first.id, "reject", rita)).status).toBe(409);

      const second = await waiting();
      expect((await decide(second.id, "reject", rita, { comment: "not today" })).status).toBe(200);
      const rejected = await project.ended(second.id);
      expect(rejected.status).toBe("failed");
      expect(rejected.jobs[0]?.error).toBe("rita rejected it for 'production': not today.");

      const third = await waiting();
      await at().ok("POST", `${project.builds}/${third.id}/cancel`, {});
      expect((await project.ended(third.id)).status).toBe("cancelled");
    },
    LIMIT_MS,
  );

  it(
    "fails a job whose reviewers did not answer in time, also where the server was away meanwhile",
    async () => {
      const project = await addProject();
      await at().ok("PUT", `${project.path}/environments/production`, { reviewers: ["rita"] });
      const { id } = await project.start("deploy");
      await project.until(id, ({ approvals }) => approvals.some(({ state }) => state === "waiting"));
      await given().platform.restart([`update approvals set expires_at = 1 where build_id = '${id}'`]);
      const ended = await project.ended(id);
      expect(ended.status).toBe("failed");
      expect(ended.approvals.map(({ state }) => state)).toEqual(["expired"]);
    },
    LIMIT_MS,
  );

  it.each([
    ["replace", ["cancelled", "cancelled", "succeeded"]],
    ["single", ["succeeded", "cancelled", "succeeded"]],
    ["queue", ["succeeded", "succeeded", "succeeded"]],
  ])(
    "holds builds of one group to one at a time: %s",
    async (pipeline, ends) => {
      const project = await addProject();
      const gate = given().gate();
      const ids: string[] = [];
      for (let count = 0; count < 3; count += 1) {
        const { id } = await project.start(pipeline, { inputs: { gate: gate.path } });
        ids.push(id);
        // The next one comes when this one has its place in the group.
        await project.until(id, (build) => build.status === "running");
        if (count === 0 || pipeline === "replace") await project.until(id, isRunning);
      }
      gate.open();
      const builds = await Promise.all(ids.map((id) => project.ended(id)));
      expect(builds.map(({ status }) => status)).toEqual(ends);
      const times = builds.flatMap(({ status, jobs: [job] }) =>
        status === "succeeded" && job !== undefined ? [job] : [],
      );
      for (const [index, { startedAt = "" }] of times.entries()) {
        const before = times[index - 1]?.finishedAt;
        if (before !== undefined) expect(startedAt >= before).toBe(true);
      }
    },
    LIMIT_MS,
  );

  it(
    "keeps to the builds and jobs that a project may run at once",
    async () => {
      const project = await addProject({ settings: { maxBuilds: 1, maxJobs: 1 } });
      const gate = given().gate();
      const first = await project.start("held", { inputs: { gate: gate.path } });
      const more = [await project.start("one"), await project.start(".platform.yaml")];
      await project.until(first.id, isRunning);
      for (const { id } of more) expect((await project.build(id)).status).toBe("queued");
      // Another project goes on meanwhile.
      expect((await given().project.run("one")).status).toBe("succeeded");
      gate.open();
      const builds = await Promise.all([first, ...more].map(({ id }) => project.ended(id)));
      expect(builds.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "succeeded"]);
      const spans = builds
        .flatMap(({ jobs }) => jobs)
        .filter(({ kind, startedAt }) => kind === "job" && startedAt !== undefined)
        .map(({ startedAt = "", finishedAt = "" }) => [startedAt, finishedAt] as const)
        .sort();
      for (const [index, [startedAt]] of spans.entries()) {
        const before = spans[index - 1];
        if (before !== undefined) expect(startedAt >= before[1], JSON.stringify(spans)).toBe(true);
      }
    },
    LIMIT_MS,
  );

  it(
    "fires a schedule that was missed while the server was away: once",
    async () => {
      const { platform, project } = given();
      const schedules = () =>
        at().ok<{ items: { pipeline: string; nextAt: string; cron: string }[] }>(
          "GET",
          `${project.path}/schedules`,
        );
      const scheduled = async () =>
        (await at().ok<{ items: { id: string }[] }>("GET", `${project.builds}?trigger=schedule`)).items;
      // It reads the schedules of every project at its start.
      await platform.restart();
      await waitFor(async () => (await schedules()).items.length > 0);
      expect((await schedules()).items).toMatchObject([{ pipeline: "scheduled", cron: "7 3 29 2 *" }]);
      expect(await scheduled()).toEqual([]);
      await platform.restart(["update schedules set next_at = 60000"]);
      await waitFor(async () => (await scheduled()).length > 0);
      const [fired] = await scheduled();
      const build = await project.ended(fired?.id ?? "");
      expect(build).toMatchObject({ status: "succeeded", event: "schedule", ref: "refs/heads/main" });
      expect(await project.log(build, "one")).toContain("at 7 3 29 2 *");
      await platform.restart();
      await waitFor(async () =>
        (await schedules()).items.every(({ nextAt }) => Date.parse(nextAt) > Date.now()),
      );
      expect(await scheduled()).toHaveLength(1);
    },
    LIMIT_MS,
  );
}
