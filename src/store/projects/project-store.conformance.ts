import { describe, expect, it } from "vitest";
import { CLAIM, type TestStore } from "../store.fixture.ts";

export function projectConformance(given: () => TestStore): void {
  describe("projects", () => {
    it("are found by id and by name, and changed", async () => {
      const { store, project } = given();
      const settings = { maxBuilds: 2, artifactRetentionDays: 9, publicBadges: true };
      const made = await project({ settings });
      expect(await store.projects.getProject(made.id)).toEqual(made);
      expect(await store.projects.getProject(made.name)).toEqual(made);
      const name = `${made.name}-new`;
      const changed = await store.projects.updateProject(made.id, { name, settings: {}, updatedAt: 9 });
      expect(changed).toEqual({ ...made, name, settings: {}, updatedAt: 9 });
      expect(await store.projects.updateProject(made.id, {})).toEqual(changed);
      expect(await store.projects.getProject(name)).toEqual(changed);
      await expect(store.projects.getProject(made.name)).rejects.toMatchObject({ code: "NotFound" });
    });

    it("have names of their own", async () => {
      const { store, project } = given();
      const [one, two] = [await project(), await project()];
      const again = project({ name: one.name });
      await expect(again).rejects.toMatchObject({
        code: "Conflict",
        message: expect.stringContaining(one.name),
      });
      await expect(store.projects.updateProject(two.id, { name: one.name })).rejects.toMatchObject({
        code: "Conflict",
      });
      const { id: named } = await project({ name: one.id });
      expect((await store.projects.getProject(one.id)).id).toBe(one.id);
      expect(named).not.toBe(one.id);
    });

    it("are listed newest first, page by page, while more are added", async () => {
      const { store, clock, project } = given();
      const made: string[] = [];
      for (let i = 0; i < 5; i++) {
        if (i % 2 === 0) clock.advance(1);
        made.push((await project()).id);
      }
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.projects.listProjects({
          limit: 2,
          ...(cursor === undefined ? {} : { cursor }),
        });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.next;
        clock.advance(1);
        await project();
      } while (cursor !== undefined);
      expect(seen).toEqual(made.toReversed());
      const refused = store.projects.listProjects({ limit: 2, cursor: "bm9uZQ" });
      await expect(refused).rejects.toMatchObject({ code: "InvalidSpec" });
    });

    it("go with all that is theirs, but not while a build runs", async () => {
      const { store, clock, running } = given();
      const { build, lease } = await running();
      const { projectId } = build;
      const refused = store.projects.deleteProject(projectId);
      await expect(refused).rejects.toMatchObject({
        code: "Conflict",
        message: expect.stringContaining(build.id),
      });
      await store.builds.advance(lease, [{ kind: "build-moved", to: "succeeded", at: clock.now() }]);
      await store.projects.putSetting({ projectId, kind: "variable", name: "a", value: "b", updatedAt: 1 });
      await store.projects.deleteProject(projectId);
      await expect(store.projects.getProject(projectId)).rejects.toMatchObject({ code: "NotFound" });
      await expect(store.builds.get(build.id)).rejects.toMatchObject({ code: "NotFound" });
      await expect(store.builds.snapshot(build.id)).rejects.toMatchObject({ code: "NotFound" });
      expect(await store.projects.listSettings(projectId, "variable")).toEqual([]);
      await expect(store.projects.deleteProject(projectId)).rejects.toMatchObject({ code: "NotFound" });
      await expect(store.projects.updateProject(projectId, { name: "x/y" })).rejects.toMatchObject({
        code: "NotFound",
      });
    });

    it("that are deleted while their builds are claimed go wholly, or stay", async () => {
      const { store, build, project } = given();
      const { id: projectId } = await project();
      await Promise.all(Array.from({ length: 5 }, () => build({ projectId })));
      const [deleted, ...claims] = await Promise.allSettled([
        store.projects.deleteProject(projectId),
        ...Array.from({ length: 5 }, () => store.builds.claim(CLAIM)),
      ]);
      const claimed = claims.filter((claim) => claim.status === "fulfilled" && claim.value !== undefined);
      const left = await store.builds.list({ projectId }, { limit: 10 });
      if (deleted.status === "fulfilled") expect([claimed.length, left.items.length]).toEqual([0, 0]);
      else expect([deleted.reason.code, claimed.length, left.items.length]).toEqual(["Conflict", 5, 5]);
    });
  });

  describe("pipelines", () => {
    const pipeline = (projectId: string, name = "ci") => ({
      id: `${name} of ${projectId}`,
      projectId,
      name,
      path: `.workflows/${name}.yml`,
      enabled: true,
      createdAt: 1,
      updatedAt: 1,
    });

    it("are found by id, name and path within their project", async () => {
      const { store, project } = given();
      const [{ id: projectId }, { id: other }] = [await project(), await project()];
      const ci = await store.projects.createPipeline(pipeline(projectId));
      const release = await store.projects.createPipeline(pipeline(projectId, "a-release"));
      for (const wanted of [ci.id, ci.name, ci.path])
        expect(await store.projects.findPipeline(projectId, wanted)).toEqual(ci);
      expect(await store.projects.getPipeline(ci.id)).toEqual(ci);
      expect(await store.projects.listPipelines(projectId)).toEqual([release, ci]);
      await expect(store.projects.findPipeline(other, ci.id)).rejects.toMatchObject({ code: "NotFound" });
      await expect(store.projects.getPipeline("none")).rejects.toMatchObject({ code: "NotFound" });
      expect(await store.projects.listPipelines(other)).toEqual([]);
    });

    it("have a name and a path of their own", async () => {
      const { store, project } = given();
      const { id: projectId } = await project();
      const ci = await store.projects.createPipeline(pipeline(projectId));
      const other = await store.projects.createPipeline(pipeline(projectId, "other"));
      for (const double of [
        { ...pipeline(projectId, "x"), name: ci.name },
        { ...pipeline(projectId, "x"), path: ci.path },
        { ...pipeline(projectId, "x"), id: ci.id },
      ])
        await expect(store.projects.createPipeline(double)).rejects.toMatchObject({ code: "Conflict" });
      await expect(store.projects.updatePipeline(other.id, { path: ci.path })).rejects.toMatchObject({
        code: "Conflict",
      });
      const orphan = store.projects.createPipeline(pipeline("none"));
      await expect(orphan).rejects.toMatchObject({ code: "NotFound" });
    });

    it("are changed and deleted, and their builds stay", async () => {
      const { store, project, build } = given();
      const { id: projectId } = await project();
      const ci = await store.projects.createPipeline(pipeline(projectId));
      const made = await build({ projectId, pipelineId: ci.id });
      const changed = await store.projects.updatePipeline(ci.id, {
        enabled: false,
        name: "CI",
        updatedAt: 5,
      });
      expect(changed).toEqual({ ...ci, enabled: false, name: "CI", updatedAt: 5 });
      expect(await store.projects.updatePipeline(ci.id, {})).toEqual(changed);
      await store.projects.deletePipeline(ci.id);
      await expect(store.projects.deletePipeline(ci.id)).rejects.toMatchObject({ code: "NotFound" });
      await expect(store.projects.updatePipeline(ci.id, { name: "x" })).rejects.toMatchObject({
        code: "NotFound",
      });
      expect(await store.builds.get(made.id)).toEqual(made);
    });
  });

  describe("environments and settings", () => {
    it("put an environment without regard to case", async () => {
      const { store, project } = given();
      const { id: projectId } = await project();
      const environment = {
        id: `prod of ${projectId}`,
        projectId,
        name: "Production",
        reviewers: ["anna", "*"],
        approvalTimeoutMs: 3_600_000,
        createdAt: 1,
        updatedAt: 1,
      };
      expect(await store.projects.putEnvironment(environment)).toEqual(environment);
      const again = {
        ...environment,
        id: "other",
        name: "PRODUCTION",
        reviewers: [],
        createdAt: 2,
        updatedAt: 2,
      };
      const kept = { ...again, id: environment.id, createdAt: 1 };
      expect(await store.projects.putEnvironment(again)).toEqual(kept);
      expect(await store.projects.findEnvironment(projectId, "production")).toEqual(kept);
      expect(await store.projects.findEnvironment(projectId, "staging")).toBeUndefined();
      expect(await store.projects.listEnvironments(projectId)).toEqual([kept]);
      await store.projects.deleteEnvironment(projectId, "pRODUCTION");
      const gone = store.projects.deleteEnvironment(projectId, "production");
      await expect(gone).rejects.toMatchObject({ code: "NotFound" });
      const orphan = store.projects.putEnvironment({ ...environment, id: "x", projectId: "none" });
      await expect(orphan).rejects.toMatchObject({ code: "NotFound" });
    });

    it("keep secrets and variables apart, in upper case, in order", async () => {
      const { store, project } = given();
      const { id: projectId } = await project();
      const setting = (kind: "secret" | "variable", name: string, value: string) => ({
        projectId,
        kind,
        name,
        value,
        updatedAt: 1,
      });
      await store.projects.putSetting(setting("secret", "b", "sealed"));
      await store.projects.putSetting(setting("secret", "a", "x"));
      await store.projects.putSetting(setting("secret", "A", "sealed too"));
      await store.projects.putSetting(setting("variable", "a", "plain\n🚢"));
      expect(await store.projects.listSettings(projectId, "secret")).toEqual([
        setting("secret", "A", "sealed too"),
        setting("secret", "B", "sealed"),
      ]);
      expect(await store.projects.deleteSetting(projectId, "secret", "a")).toBe(true);
      expect(await store.projects.deleteSetting(projectId, "secret", "a")).toBe(false);
      expect(await store.projects.listSettings(projectId, "variable")).toEqual([
        setting("variable", "A", "plain\n🚢"),
      ]);
    });
  });
}
