// What a build shows of itself, while it runs and afterwards, and to whom.
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createParser } from "eventsource-parser";
import { expect, it } from "vitest";
import WebSocket from "ws";
import type { BuildAnswer, StepAnswer } from "../support/api-project.ts";
import { waitFor } from "../support/server.ts";
import { unzip } from "../support/unzip.ts";
import { openReceiver, type World } from "./world.ts";

const LIMIT_MS = 150_000;
const SECRET = "planted-secret-7f3a9c";

export function watchingSuite(given: () => World): void {
  const at = () => given().platform.api;
  const stepOf = ({ jobs }: BuildAnswer, name: string): StepAnswer | undefined =>
    jobs[0]?.steps.find((step) => step.name === name);
  const text = async (path: string, headers: Record<string, string> = {}) => {
    const response = await at().fetch(path, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  /** The log of a step that has said something and waits. */
  const loud = async () => {
    const { project } = given();
    const gate = given().gate();
    const { id } = await project.start("loud", { inputs: { gate: gate.path } });
    let url = "";
    await waitFor(async () => {
      url = stepOf(await project.build(id), "Speak")?.log.url ?? "";
      return url !== "" && (await text(url)).text.includes("line 5");
    }, 20_000);
    return { id, url, gate };
  };

  it(
    "gives a log while it grows and when it is whole: by bytes, plain, with times, as a zip",
    async () => {
      const { project, platform } = given();
      const { id, url, gate } = await loud();
      const early = await text(url);
      expect(early.text).not.toContain("\nthe end");
      const followed = text(`${url}?follow=true`);
      const offset = Buffer.byteLength(early.text);
      const rest = text(`${url}?follow=true&offset=${offset}`);
      gate.open();
      const build = await project.ended(id);
      expect(build.status).toBe("succeeded");

      const whole = await text(url);
      expect(whole.text).toContain("\u001b[32mline 1\u001b[0m\n");
      expect(whole.text.endsWith("the end\n")).toBe(true);
      expect((await followed).text).toBe(whole.text);
      expect(early.text + (await rest).text).toBe(whole.text);
      const bytes = Buffer.from(whole.text);
      await waitFor(async () => stepOf(await project.build(id), "Speak")?.log.kept === "blob");
      expect((await text(url)).text).toBe(whole.text);
      for (const [range, start, end] of [
        ["bytes=0-4", 0, 5],
        ["bytes=7-", 7, bytes.length],
        ["bytes=-8", bytes.length - 8, bytes.length],
      ] as const) {
        const part = await text(url, { range });
        expect(part.status).toBe(206);
        expect(part.headers.get("content-range")).toBe(`bytes ${start}-${end - 1}/${bytes.length}`);
        expect(part.text).toBe(bytes.subarray(start, end).toString());
      }
      expect((await text(url, { range: `bytes=${bytes.length + 1}-` })).status).toBe(416);
      expect((await text(`${url}?offset=5`)).text).toBe(bytes.subarray(5).toString());
      expect((await text(`${url}?ansi=strip`)).text).toContain("\nline 1\nline 2\n");
      const stamped = (await text(`${url}?timestamps=true`)).text.trimEnd().split("\n");
      for (const line of stamped) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z /);
      expect(stamped).toHaveLength(whole.text.trimEnd().split("\n").length);

      const zip = await at().fetch(`${project.builds}/${id}/logs.zip`);
      expect(zip.headers.get("content-type")).toBe("application/zip");
      const file = platform.box.join("logs.zip");
      writeFileSync(file, Buffer.from(await zip.arrayBuffer()));
      const entries = unzip(file);
      const speak = [...entries].find(([name]) => /Speak/.test(name));
      expect(speak?.[1].toString()).toBe(whole.text);
    },
    LIMIT_MS,
  );

  it(
    "streams a log as events that resume by Last-Event-ID without a gap or a repeat",
    async () => {
      const { project } = given();
      const { id, url, gate } = await loud();
      const listen = async (lastId: string | undefined, until: (text: string) => boolean) => {
        const stop = new AbortController();
        const response = await at().fetch(url, {
          headers: {
            accept: "text/event-stream",
            ...(lastId === undefined ? {} : { "last-event-id": lastId }),
          },
          signal: stop.signal,
        });
        let heard = "";
        let last = lastId;
        let ended = false;
        const parser = createParser({
          onEvent({ event, id: eventId, data }) {
            last = eventId ?? last;
            if (event === "end") ended = true;
            else if (event === "log") heard += (JSON.parse(data) as { text: string }).text;
          },
        });
        const decoder = new TextDecoder();
        for await (const chunk of response.body ?? []) {
          parser.feed(decoder.decode(chunk, { stream: true }));
          if (ended || until(heard)) break;
        }
        stop.abort();
        return { heard, last, ended };
      };
      const first = await listen(undefined, (heard) => heard.includes("line 3"));
      expect(first.ended).toBe(false);
      const second = listen(first.last, () => false);
      gate.open();
      const { heard, ended } = await second;
      expect(ended).toBe(true);
      await project.ended(id);
      expect(first.heard + heard).toBe((await text(url)).text);
    },
    LIMIT_MS,
  );

  it(
    "tells over one WebSocket of a build and of a project, each with a snapshot and numbered changes",
    async () => {
      const { project } = given();
      const { id, gate } = await loud();
      const socket = new WebSocket(`${at().address.replace("http", "ws")}/api/v1/live`, ["slipway.v1"], {
        headers: { authorization: `Bearer ${at().token}` },
      });
      type Message = {
        type: string;
        id?: string;
        seq?: number;
        build?: BuildAnswer;
        builds?: { id: string; status: string }[];
      };
      const heard: Message[] = [];
      socket.on("message", (data) => heard.push(JSON.parse(String(data))));
      await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
      socket.send(JSON.stringify({ type: "subscribe", id: "b", build: id }));
      socket.send(JSON.stringify({ type: "subscribe", id: "p", project: project.id }));
      const of = (name: string) => heard.filter((message) => message.id === name);
      await waitFor(() => of("b").length > 0 && of("p").length > 0);
      expect(of("b")[0]).toMatchObject({ type: "snapshot", seq: 1, build: { id, status: "running" } });
      expect(of("p")[0]?.builds?.find((build) => build.id === id)).toMatchObject({ status: "running" });
      gate.open();
      await waitFor(() => of("b").some(({ type }) => type === "ended"));
      for (const name of ["b", "p"])
        expect(of(name).map(({ seq }) => seq)).toEqual(of(name).map((_, index) => index + 1));
      await waitFor(() =>
        of("p").some(({ builds }) =>
          builds?.some((build) => build.id === id && build.status === "succeeded"),
        ),
      );
      socket.send("{}");
      await waitFor(() => heard.some(({ type }) => type === "error"));
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.close();
      await closed;
      const stranger = new WebSocket(`${at().address.replace("http", "ws")}/api/v1/live`);
      const refused = await new Promise<string>((resolve) =>
        stranger.once("error", (error) => resolve(error.message)),
      );
      expect(refused).toContain("401");
    },
    LIMIT_MS,
  );

  it(
    "tells a webhook of every state, signed, again where it failed, and once more on demand",
    async () => {
      const { project } = given();
      const receiver = await openReceiver();
      try {
        const secret = "a-long-enough-secret";
        const { id } = await at().ok<{ id: string }>("POST", `${project.path}/webhooks`, {
          url: `${receiver.address}/hook`,
          events: ["*"],
          secret,
        });
        const build = await project.run("one");
        const events = () => receiver.received.map(({ headers }) => String(headers["x-slipway-event"]));
        await waitFor(() => events().includes("build.success"), 20_000);
        await waitFor(
          () => ["build.queued", "build.running"].every((event) => events().includes(event)),
          20_000,
          () => `only these came: ${events()}`,
        );
        for (const { headers, body } of receiver.received) {
          const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
          expect(headers["x-slipway-signature-256"]).toBe(signature);
          expect(body).not.toContain(secret);
          expect(JSON.parse(body)).toMatchObject({
            build: { id: build.id, number: build.number },
            project: { name: "acme/shop" },
          });
        }

        receiver.status = 500;
        const gate = given().gate();
        await project.run("flaky", { inputs: { gate: gate.path } });
        await waitFor(() => events().includes("build.failure"), 20_000);
        type Delivery = { id: string; event: string; state: string; attempts: number };
        const deliveries = async () =>
          (await at().ok<{ items: Delivery[] }>("GET", `${project.path}/webhooks/${id}/deliveries`)).items;
        const failed = async () => (await deliveries()).find(({ event }) => event === "build.failure");
        await waitFor(async () => ((await failed())?.attempts ?? 0) > 0);
        expect((await failed())?.state).toBe("waiting");
        receiver.status = 200;
        const delivery = await failed();
        await at().ok("POST", `${project.path}/webhooks/${id}/deliveries/${delivery?.id}/redeliver`);
        await waitFor(
          async () =>
            (await deliveries()).some(
              ({ event, state }) => event === "build.failure" && state === "delivered",
            ),
          20_000,
        );
        await at().ok("POST", `${project.path}/webhooks/${id}/ping`);
        await waitFor(() => events().includes("ping"), 20_000);
        await at().ok("DELETE", `${project.path}/webhooks/${id}`);
      } finally {
        await receiver.close();
      }
    },
    LIMIT_MS,
  );

  it(
    "uses a secret and shows it nowhere: not in logs, answers, traces, files or what the processes say",
    async () => {
      const { project, platform, collector } = given();
      await at().ok("PUT", `${project.path}/secrets/API_KEY`, { value: SECRET });
      await at().ok("PUT", `${project.path}/variables/REGION`, { value: "north" });
      const build = await project.run("secret");
      expect(build.status).toBe("succeeded");
      const log = await project.log(build, "use");
      expect(log).toContain("the key is *** in north");
      const secrets = await at().ok("GET", `${project.path}/secrets`);
      const bytes = [
        log,
        JSON.stringify([build, secrets]),
        ...platform.servers.flatMap(({ stdout, stderr }) => [stdout, stderr]),
        ...collector.received.map(({ body }) => body),
        ...filesBelow(platform.box.path).map(bytesOf),
      ];
      // What is no secret is found.
      for (const known of ["the key is ***", "API_KEY", "north"])
        expect(bytes.some((each) => each.includes(known))).toBe(true);
      expect(bytes.filter((each) => each.includes(SECRET))).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    "sends a build as a trace, with its jobs and steps as spans",
    async () => {
      const { project, collector } = given();
      const build = await project.run("one");
      type Span = {
        name: string;
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        attributes: { key: string; value: { stringValue?: string } }[];
      };
      type Traces = { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
      const spans = () =>
        collector.received
          .filter(({ path }) => path === "/v1/traces")
          .flatMap(({ body }) => (JSON.parse(body) as Traces).resourceSpans)
          .flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
      const root = () =>
        spans().find(
          ({ name, attributes }) =>
            name === "build" && attributes.some(({ value }) => value.stringValue === build.id),
        );
      await waitFor(() => root() !== undefined, 20_000);
      const trace = spans().filter(({ traceId }) => traceId === root()?.traceId);
      const jobs = trace.filter(({ name }) => name === "job");
      expect(jobs.map(({ parentSpanId }) => parentSpanId)).toEqual([root()?.spanId]);
      const steps = trace.filter(({ name }) => name === "step");
      expect(steps.length).toBeGreaterThan(0);
      for (const { parentSpanId } of steps) expect(parentSpanId).toBe(jobs[0]?.spanId);
    },
    LIMIT_MS,
  );

  it("shows badges, health and metrics, and logs lines of JSON that name builds and jobs", async () => {
    const { project, platform } = given();
    const build = await project.run("one");
    const badge = await at().fetch(`${project.path}/badge.svg?pipeline=one`);
    expect(badge.headers.get("content-type")).toContain("image/svg+xml");
    expect(await badge.text()).toMatch(/succeeded|passing|success/);
    const stranger = (path: string) => fetch(`${at().address}${path}`);
    expect((await stranger(`/api/v1/${project.path}/badge.svg`)).status).toBe(401);
    await at().ok("PATCH", project.path, { settings: { publicBadges: true } });
    expect((await stranger(`/api/v1/${project.path}/badge.svg`)).status).toBe(200);
    expect((await stranger("/healthz")).status).toBe(200);
    expect((await stranger("/readyz")).status).toBe(200);
    const metrics = await (await stranger("/metrics")).text();
    for (const name of ["slipway_builds", "slipway_queue_messages", "slipway_http_request_seconds_bucket"])
      expect(metrics).toContain(name);
    const lines = platform.servers
      .flatMap(({ stderr }) => stderr.trimEnd().split("\n"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const own = lines.filter(({ buildId }) => buildId === build.id);
    expect(own.length).toBeGreaterThan(0);
    expect(own.some(({ jobId, job }) => jobId !== undefined || job !== undefined)).toBe(true);
  });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name}`);
}

/** Of a file that may go away meanwhile. */
function bytesOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
