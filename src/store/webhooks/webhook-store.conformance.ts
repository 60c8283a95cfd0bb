import { describe, expect, it } from "vitest";
import type { TestStore } from "../store.fixture.ts";
import type { WebhookEvent, WebhookRecord } from "../webhook-store.ts";

export function webhookConformance(given: () => TestStore): void {
  const webhook = async (change: Partial<WebhookRecord> = {}): Promise<WebhookRecord> => {
    const { store, project } = given();
    const projectId = change.projectId ?? (await project()).id;
    const { items } = await store.projects.listProjects({ limit: 1 });
    const made = {
      id: `${change.url ?? "hook"} of ${projectId} ${items.length}`,
      projectId,
      url: "https://example.org/hook",
      events: ["build.success"],
      secret: "sealed",
      enabled: true,
      createdAt: 1,
      ...change,
    };
    await store.webhooks.putWebhook(made);
    return made;
  };
  const event = (eventId: string, change: Partial<WebhookEvent> = {}): WebhookEvent => ({
    eventId,
    name: "build.success",
    payload: { build: { id: "b", title: "é 🚢" } },
    at: 100,
    ...change,
  });

  describe("webhooks", () => {
    it("are put, changed, listed and deleted with their deliveries", async () => {
      const { store } = given();
      const made = await webhook();
      const changed = { ...made, url: "https://example.org/other", events: ["*"], enabled: false };
      await store.webhooks.putWebhook(changed);
      expect(await store.webhooks.getWebhook(made.id)).toEqual(changed);
      expect(await store.webhooks.listWebhooks(made.projectId)).toEqual([changed]);
      await store.webhooks.putWebhook({ ...changed, enabled: true });
      const [delivery] = await store.webhooks.addDeliveries(made.projectId, event("e"));
      expect(await store.webhooks.deleteWebhook(made.id)).toBe(true);
      expect(await store.webhooks.deleteWebhook(made.id)).toBe(false);
      for (const gone of [
        () => store.webhooks.getWebhook(made.id),
        () => store.webhooks.getDelivery(delivery?.id ?? ""),
        () => store.webhooks.redeliver("none", 1),
        () => store.webhooks.recordAttempt("none", { at: 1, state: "failed" }),
      ])
        await expect(gone()).rejects.toMatchObject({ code: "NotFound" });
    });

    it("get one delivery each of what they listen to, once, and none of what was before them", async () => {
      const { store } = given();
      const { projectId, id } = await webhook();
      const all = await webhook({ projectId, url: "all", events: ["*"] });
      await webhook({ projectId, url: "off", enabled: false });
      await webhook({ projectId, url: "young", createdAt: 101 });
      await webhook({ projectId, url: "deaf", events: ["build.failure"] });
      const added = await store.webhooks.addDeliveries(projectId, event("e"));
      expect(added.map(({ webhookId }) => webhookId).toSorted()).toEqual([id, all.id].toSorted());
      expect(added[0]).toMatchObject({
        eventId: "e",
        event: "build.success",
        payload: { build: { id: "b", title: "é 🚢" } },
        state: "waiting",
        attempts: 0,
        createdAt: 100,
        nextAt: 100,
      });
      expect(await store.webhooks.addDeliveries(projectId, event("e"))).toEqual([]);
      const at = await Promise.all(
        Array.from({ length: 6 }, () => store.webhooks.addDeliveries(projectId, event("f"))),
      );
      expect(at.flat()).toHaveLength(2);
    });

    it("give a due delivery to one worker at a time, again when its time is over", async () => {
      const { store } = given();
      const { projectId } = await webhook();
      for (let i = 0; i < 6; i++)
        await store.webhooks.addDeliveries(projectId, event(`e${i}`, { at: 100 + i }));
      expect(await store.webhooks.takeDue(99, 50, 10)).toEqual([]);
      const taken = await Promise.all(Array.from({ length: 4 }, () => store.webhooks.takeDue(200, 50, 2)));
      const events = taken.flat().map(({ eventId }) => eventId);
      expect(events.toSorted()).toEqual(["e0", "e1", "e2", "e3", "e4", "e5"]);
      expect(taken.map((some) => some.map(({ eventId }) => eventId))).toContainEqual(["e0", "e1"]);
      expect(await store.webhooks.takeDue(249, 50, 10)).toEqual([]);
      expect(await store.webhooks.takeDue(250, 50, 10)).toHaveLength(6);
    });

    it("keep what became of each attempt, and deliver again on demand", async () => {
      const { store } = given();
      const { projectId } = await webhook();
      const [made] = await store.webhooks.addDeliveries(projectId, event("e"));
      const id = made?.id ?? "";
      await store.webhooks.takeDue(100, 50, 1);
      await store.webhooks.recordAttempt(id, {
        at: 110,
        status: 500,
        error: "no",
        state: "waiting",
        nextAt: 130,
      });
      expect(await store.webhooks.getDelivery(id)).toMatchObject({
        attempts: 1,
        lastStatus: 500,
        lastError: "no",
        nextAt: 130,
      });
      expect(await store.webhooks.takeDue(129, 50, 1)).toEqual([]);
      expect(await store.webhooks.takeDue(130, 50, 1)).toHaveLength(1);
      await store.webhooks.recordAttempt(id, { at: 131, status: 204, state: "delivered" });
      const { nextAt: _gone, ...first } = made ?? {};
      expect(await store.webhooks.getDelivery(id)).toEqual({
        ...first,
        state: "delivered",
        attempts: 2,
        lastStatus: 204,
        deliveredAt: 131,
      });
      expect(await store.webhooks.takeDue(1_000, 50, 1)).toEqual([]);
      expect(await store.webhooks.redeliver(id, 500)).toEqual({ ...made, nextAt: 500 });
      expect(await store.webhooks.takeDue(500, 50, 1)).toHaveLength(1);
    });

    it("forget old deliveries, but none that waits", async () => {
      const { store } = given();
      const { projectId, id } = await webhook();
      const add = async (name: string, at: number) => {
        const [made] = await store.webhooks.addDeliveries(projectId, event(name, { at }), id);
        return made?.id ?? "";
      };
      const [done, waiting, failed, young] = [
        await add("done", 101),
        await add("waiting", 101),
        await add("failed", 102),
        await add("young", 103),
      ];
      await store.webhooks.recordAttempt(done, { at: 110, state: "delivered" });
      await store.webhooks.recordAttempt(failed, { at: 110, state: "failed" });
      await store.webhooks.recordAttempt(young, { at: 110, state: "delivered" });
      expect(await store.webhooks.removeDeliveries(103)).toBeGreaterThanOrEqual(2);
      expect(await store.webhooks.removeDeliveries(103)).toBe(0);
      const { items } = await store.webhooks.listDeliveries(id, { limit: 10 });
      expect(items.map((each) => each.id)).toEqual([young, waiting]);
    });

    it("list deliveries newest first, page by page", async () => {
      const { store } = given();
      const { projectId, id } = await webhook();
      for (let i = 0; i < 5; i++) await store.webhooks.addDeliveries(projectId, event(`e${i}`));
      const first = await store.webhooks.listDeliveries(id, { limit: 3 });
      await store.webhooks.addDeliveries(projectId, event("new"));
      const rest = await store.webhooks.listDeliveries(id, { limit: 3, cursor: first.next ?? "" });
      const seen = [...first.items, ...rest.items].map(({ eventId }) => eventId);
      expect(seen).toEqual(["e4", "e3", "e2", "e1", "e0"]);
      expect(rest.next).toBeUndefined();
      const refused = store.webhooks.listDeliveries(id, { limit: 3, cursor: "x" });
      await expect(refused).rejects.toMatchObject({ code: "InvalidSpec" });
    });
  });
}
