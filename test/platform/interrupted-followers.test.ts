// A server that is stopped, and one that is killed, while twenty follow what a build prints; each follower comes back to
// where it was, as browsers (Last-Event-ID) and programs (an offset) do.
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { describe, expect, it } from "vitest";
import { TestServer, waitFor } from "../support/server.ts";
import { Sandbox } from "../support/slipway.ts";
import { countTo, numbersOf, Project, printing, runningStep, type Step } from "./survival.fixture.ts";

const FOLLOWERS = 20;
const LINES = 400;
const PIPELINE = `
on: workflow_dispatch
jobs:
  talk:
    runs-on: ubuntu-latest
    steps:
      - name: talk
        run: ${JSON.stringify(printing("línea", LINES, 0.02))}
`;

interface Follower {
  text: string;
  /** Where an event began that did not follow the one before. */
  readonly holes: number[];
  /** How often it was cut off. */
  breaks: number;
  ended: boolean;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

/** As `EventSource`: resumes by the last id. */
async function followEvents(server: () => TestServer, step: Step, seen: Follower): Promise<void> {
  let last = "0";
  while (!seen.ended) {
    try {
      const response = await server().fetch(step.log.url, {
        headers: { accept: "text/event-stream", "last-event-id": last },
      });
      if (response.status !== 200 || response.body === null) throw new Error(`${response.status}`);
      const onEvent = ({ event, data, id }: EventSourceMessage) => {
        if (event === "end") seen.ended = true;
        if (event !== "log") return;
        const { text, offset } = JSON.parse(data) as { text: string; offset: number };
        if (offset !== Buffer.byteLength(seen.text)) seen.holes.push(offset);
        seen.text += text;
        last = id ?? "";
      };
      const parser = createParser({ onEvent });
      const decoder = new TextDecoder();
      for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }));
      if (!seen.ended) throw new Error("it was cut off");
    } catch {
      seen.breaks += 1;
      await pause();
    }
  }
}

/** As a program that counts bytes. */
async function followBytes(server: () => TestServer, step: Step, seen: Follower): Promise<void> {
  const chunks: Buffer[] = [];
  while (!seen.ended) {
    try {
      const offset = chunks.reduce((sum, { length }) => sum + length, 0);
      const response = await server().fetch(`${step.log.url}?follow=true&offset=${offset}`);
      if (response.status !== 200 || response.body === null) throw new Error(`${response.status}`);
      for await (const chunk of response.body) {
        chunks.push(Buffer.from(chunk));
        seen.text = Buffer.concat(chunks).toString("utf8");
      }
      // Only a body with its last chunk comes here.
      seen.ended = true;
    } catch {
      seen.breaks += 1;
      await pause();
    }
  }
}

describe.concurrent("twenty followers of a running build see every byte once", () => {
  it.each([
    ["is killed", "SIGKILL"],
    ["is stopped, and hands its build to the next", "SIGTERM"],
  ] as const)(
    "where the server %s in between",
    async (_, signal) => {
      using sandbox = new Sandbox();
      const args = ["--stop-timeout", "1s", "--worker-infrastructure-retries", "5"];
      const start = () => TestServer.start({ folder: sandbox.path, args });
      let server = await start();
      try {
        const project = await Project.add(server, sandbox, "talk", PIPELINE);
        const id = await project.start();
        const first = await talking(project, id);
        const followers = follow(() => server, first);
        await waitFor(() => followers.all.every(({ text }) => text.split("\n").length > 20));

        server.signal(signal);
        await server.ended;
        const { token } = server;
        server = await start();
        server.token = token;
        project.server = server;

        // The attempt that was cut off ends, with what it had said.
        await followers.ended();
        const kept = await project.log(first);
        for (const each of followers.all) {
          expect(each.breaks).toBeGreaterThan(0);
          expect(each.holes).toEqual([]);
          expect(each.text).toBe(kept);
        }
        const lines = numbersOf(kept, "línea");
        expect(lines).toEqual(countTo(lines.length));
        expect(lines.length).toBeGreaterThan(5);

        // And the one after it is followed to its end.
        const again = await talking(project, id, first);
        const second = follow(() => server, again);
        const [build] = await project.ended([id]);
        expect(build?.status).toBe("succeeded");
        await second.ended();
        for (const { text } of second.all) expect(numbersOf(text, "línea")).toEqual(countTo(LINES));
      } finally {
        await server.stop();
      }
    },
    120_000,
  );
});

/** The step that talks, once it does; not that of an earlier attempt. */
async function talking(project: Project, id: string, before?: Step): Promise<Step> {
  let found: Step | undefined;
  await waitFor(async () => {
    const step = runningStep(await project.build(id));
    if (step?.name === "talk" && step.id !== before?.id) found = step;
    return found !== undefined;
  });
  if (found === undefined) throw new Error("no step runs");
  return found;
}

function follow(server: () => TestServer, step: Step) {
  const all: Follower[] = [];
  const running = Array.from({ length: FOLLOWERS }, (_, index) => {
    const seen: Follower = { text: "", holes: [], breaks: 0, ended: false };
    all.push(seen);
    return index % 2 === 0 ? followEvents(server, step, seen) : followBytes(server, step, seen);
  });
  return { all, ended: () => Promise.all(running) };
}
