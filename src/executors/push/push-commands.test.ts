import { describe, expect, it } from "vitest";
import type { PushSinkOptions } from "./push-sink.ts";
import { JOB, mailboxServer, push, pusher, told, until } from "./push-trial.fixture.ts";
import { logFrames } from "./testing/test-frames.ts";

describe("commands", () => {
  it("are told once each and in order, also while frames are refused", async () => {
    const server = await mailboxServer();
    const { url, token } = await server.mailbox.open(JOB);
    const failing: PushSinkOptions["fetch"] = async (at, init) => {
      if (init.method === "POST") throw new TypeError("no way");
      return await fetch(at, init);
    };
    const pushing = pusher(url, { fetch: failing, limits: { finishLimitMs: 10 } }, token);
    await push(logFrames(1, 5), pushing);
    await until(() => expect(server.waiting).toBe(1));
    await server.mailbox.send(JOB, { type: "cancel", reason: "a" });
    await until(() => expect(told).toHaveLength(1));
    await server.mailbox.send(JOB, { type: "attached" });
    await server.mailbox.send(JOB, { type: "kill" });
    await until(() => expect(told).toHaveLength(3));
    expect(told).toEqual([{ type: "cancel", reason: "a" }, { type: "attached" }, { type: "kill" }]);
  });

  it("end with a kill when the mailbox is closed, also where nothing is posted", async () => {
    const server = await mailboxServer();
    const { url, token } = await server.mailbox.open(JOB);
    const pushing = pusher(url, {}, token);
    await until(() => expect(server.waiting).toBe(1));
    await server.mailbox.close(JOB);
    await until(() => expect(told).toEqual([{ type: "kill" }]));
    expect(await pushing.finish()).toMatchObject({ delivered: false });
  });

  it("are asked for again where the answer is none, and those that are not known are passed over", async () => {
    const answers = [
      new Response("<html>"),
      new Response("{}", { status: 500 }),
      new Response(
        JSON.stringify({
          commands: [
            { number: 2, command: { type: "kill" } },
            { number: 1, command: { type: "dance" } },
          ],
        }),
      ),
    ];
    const asked: string[] = [];
    const answering: PushSinkOptions["fetch"] = async (url, init) => {
      asked.push(new URL(url).search);
      const next = answers.shift();
      if (next !== undefined) return next;
      return await new Promise((_, reject) =>
        init.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
      );
    };
    pusher("http://server", { fetch: answering, random: () => 0 });
    await until(() => expect(asked).toHaveLength(4));
    expect(asked.at(-1)).toContain("after=2");
    expect(told).toEqual([{ type: "kill" }]);
  });
});
