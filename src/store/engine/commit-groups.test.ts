import { describe, expect, it } from "vitest";
import { CommitGroups, type TransactionSteps } from "./commit-groups.ts";

/** Says what is done; the commits named fail, once each. */
function scripted(failing: { commits?: number[]; begin?: boolean } = {}) {
  const said: string[] = [];
  let open = false;
  let commits = 0;
  const steps: TransactionSteps = {
    begin() {
      if (failing.begin) throw new Error("no begin");
      said.push("begin");
      open = true;
    },
    commit() {
      commits++;
      if (failing.commits?.includes(commits)) throw new Error(`commit ${commits} failed`);
      said.push("commit");
      open = false;
    },
    rollback() {
      said.push("rollback");
      open = false;
    },
    save: () => said.push("save"),
    keep: () => said.push("keep"),
    takeBack: () => said.push("take back"),
    isOpen: () => open,
  };
  const groups = new CommitGroups(steps);
  const task = (name: string, fails = false, closes = false) =>
    groups.run(async () => {
      await undefined;
      said.push(name);
      if (closes) open = false;
      if (fails) throw new Error(`${name} failed`);
      return name;
    });
  return { said, groups, task };
}

describe("groups of commits", () => {
  it("commit one that is alone by itself", async () => {
    const { said, groups, task } = scripted();
    expect(await task("a")).toBe("a");
    expect(await task("b")).toBe("b");
    expect(said).toEqual(["begin", "a", "commit", "begin", "b", "commit"]);
    await groups.idle();
    expect(groups.busy).toBe(false);
  });

  it("commit those that wait together, and tell none before", async () => {
    const { said, task } = scripted();
    const told = ["a", "b", "c"].map((name) => task(name).then((result) => said.push(`told ${result}`)));
    await Promise.all(told);
    expect(said.join(" ")).toBe("begin a save b keep save c keep commit told a told b told c");
  });

  it("take back one that fails, and no other", async () => {
    const { said, task } = scripted();
    const all = await Promise.allSettled([task("a"), task("b", true), task("c")]);
    expect(all.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(said.join(" ")).toBe("begin a save b take back save c keep commit");
  });

  it("begin again after a first one that fails", async () => {
    const { said, task } = scripted();
    const all = await Promise.allSettled([task("a", true), task("b")]);
    expect(all.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(said.join(" ")).toBe("begin a rollback begin b commit");
  });

  it("do those of a group again one by one when its commit fails", async () => {
    const { said, task } = scripted({ commits: [1, 3] });
    const all = await Promise.allSettled([task("a"), task("b"), task("c")]);
    expect(all.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(said.join(" ")).toBe(
      "begin a save b keep save c keep rollback begin a commit begin b rollback begin c commit",
    );
  });

  it("do the others again when an error has ended the whole transaction", async () => {
    const { said, task } = scripted();
    const all = await Promise.allSettled([task("a"), task("b", true, true), task("c")]);
    expect(all.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(said.join(" ")).toBe("begin a save b begin a commit begin c commit");
  });

  it("reject what cannot even begin", async () => {
    const { task } = scripted({ begin: true });
    await expect(Promise.all([task("a"), task("b")])).rejects.toThrow("no begin");
  });
});
