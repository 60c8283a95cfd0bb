import { expect, it } from "vitest";
import type { RunnerMessage, StepContainerRequest } from "../../protocol/runner-message.ts";
import { ContainerDesk } from "./container-desk.ts";

const WISH: StepContainerRequest = { image: { kind: "pull", name: "tool" }, gateSocket: "/s" };
const IMAGE = { entrypoint: ["/e"], command: [] };

function desk() {
  const said: RunnerMessage[] = [];
  const lines: string[] = [];
  const made = new ContainerDesk((message) => said.push(message));
  return { made, said, lines, start: (id: string) => made.start(id, WISH, (line) => lines.push(line)) };
}

it("asks, hands on what is said of it, and takes the answer", async () => {
  const { made, said, lines, start } = desk();
  const container = start("a");
  expect(said).toEqual([{ type: "container.start", id: "a", container: WISH }]);
  made.take({ type: "container.log", id: "a", text: "Pulling" });
  made.take({ type: "container.log", id: "other", text: "not ours" });
  made.take({ type: "container.ready", id: "a", image: IMAGE });
  made.take({ type: "container.ready", id: "a", image: { entrypoint: ["/again"], command: [] } });
  expect(await container.ready).toEqual(IMAGE);
  expect(lines).toEqual(["Pulling"]);
  made.take({ type: "container.ended", id: "a", exitCode: 137, outOfMemory: true });
  expect(await container.ended).toEqual({ exitCode: 137, outOfMemory: true });
});

it.each([
  [{ type: "container.failed", id: "a", error: "no such image" }, "no such image"],
  [{ type: "container.ended", id: "a", outOfMemory: false }, "The step's container ended before it began."],
] as const)("fails with what is said (%j)", async (command, message) => {
  const { made, start } = desk();
  const container = start("a");
  made.take(command);
  await expect(container.ready).rejects.toThrow(message);
});

it("says again, to whoever comes, what was not answered, and what is to go until it is gone", async () => {
  const { made, said, start } = desk();
  start("asked");
  const running = start("running");
  const going = start("going");
  start("failed");
  for (const id of ["running", "going"]) made.take({ type: "container.ready", id, image: IMAGE });
  made.take({ type: "container.failed", id: "failed", error: "x" });
  going.remove();
  going.remove();
  await running.ready;
  said.length = 0;
  made.take({ type: "attached" });
  expect(said).toEqual([
    { type: "container.start", id: "asked", container: WISH },
    { type: "container.remove", id: "going" },
  ]);
  made.take({ type: "container.ended", id: "going", outOfMemory: false });
  said.length = 0;
  made.take({ type: "attached" });
  expect(said).toEqual([{ type: "container.start", id: "asked", container: WISH }]);
});

it("takes back what was asked for and not answered yet", () => {
  const { made, said, start } = desk();
  start("a").remove();
  made.take({ type: "container.ready", id: "a", image: IMAGE });
  said.length = 0;
  made.take({ type: "attached" });
  expect(said).toEqual([{ type: "container.remove", id: "a" }]);
});
