import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testDocker } from "../../../test/support/docker.ts";
import { systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { DockerEngine } from "./docker-engine.ts";
import { dockerodeEngine } from "./dockerode-engine.ts";
import { parseEngineAddress } from "./engine-address.ts";
import { FakeRegistry, fails } from "./fake-registry.fixture.ts";
import { ensureImage, type PullPolicy } from "./pull-image.ts";

const never = new AbortController().signal;
/** Waits that a test need not sit through. */
const hurried = {
  ...systemClock,
  after: (delayMs: number, callback: () => void) =>
    systemClock.after(delayMs > 10_000 ? delayMs : 1, callback),
};

describe("pulling an image", () => {
  let registry: FakeRegistry;
  let engine: DockerEngine;
  let notes: string[];
  beforeEach(async () => {
    const { host } = await testDocker();
    engine = await dockerodeEngine({ address: parseEngineAddress(host), clock: systemClock });
    registry = await FakeRegistry.open();
    notes = [];
  });
  afterEach(async () => {
    await engine.removeImage(`${registry.host}/app:1`);
    registry.close();
  });

  const pull = async (name: string, policy: PullPolicy = "missing", more = {}, signal = never) =>
    await ensureImage(
      { image: `${registry.host}/${name}`, ...more },
      { engine, clock: hurried, policy },
      (text) => notes.push(text),
      signal,
    );
  const failure = async (...args: Parameters<typeof pull>): Promise<ExecError> =>
    await pull(...args).then(
      () => new ExecError("Permanent", "it was pulled"),
      (error) => error,
    );

  it("tells that it begins and, with the time it took, that it has ended", async () => {
    expect((await pull("app:1")).user).toBe("");
    expect(notes[0]).toContain(`Pulling ${registry.host}/app:1 from ${registry.host}`);
    expect(notes.at(-1)).toMatch(/Pulled .*app:1 in \d+\.\d s \(1 of 1 layers, 0\.1 MB of 0\.1 MB\)/);
  });

  it.each([
    ["missing", 0],
    ["never", 0],
    ["always", 1],
  ] as const)(
    "with policy '%s' asks the registry for an image that is there %i times",
    async (policy, times) => {
      await pull("app:1");
      const before = registry.asked;
      await pull("app:1", policy);
      expect(Math.min(1, registry.asked - before)).toBe(times);
    },
  );

  it("pulls nothing with policy 'never', and says so", async () => {
    const error = await failure("app:1", "never");
    expect([error.code, error.retryable, registry.asked]).toEqual(["NotFound", false, 0]);
    expect(error.message).toMatch(/app:1' is not here.*pull policy "never"/);
  });

  it("names image, registry and reason of one that does not exist, and does not try again", async () => {
    const error = await failure("nobody/has-this:1");
    expect([error.code, error.retryable, registry.asked]).toEqual(["NotFound", false, registry.asked]);
    expect(error.message).toContain(
      `'${registry.host}/nobody/has-this:1' could not be had from ${registry.host}`,
    );
    expect(error.message).toMatch(/no such image there.*manifest unknown/);
    expect(notes.join("\n")).not.toContain("Trying again");
  });

  it("is refused without the credentials that a registry wants, and pulls with them", async () => {
    registry.credentials = "me:secret";
    const error = await failure("app:1");
    expect([error.code, error.retryable]).toEqual(["Forbidden", false]);
    expect(error.message).toMatch(/credentials are missing or wrong.*no basic auth credentials/);
    await pull("app:1", "missing", { credentials: { username: "me", password: "secret" } });
  });

  it("says nothing of a password that was wrong", async () => {
    registry.credentials = "me:secret";
    const error = await failure("app:1", "missing", { credentials: { username: "me", password: "planted" } });
    expect(error.code).toBe("Forbidden");
    expect(`${error.message}${notes.join("")}`).not.toContain("planted");
  });

  it("tries again where the registry has trouble, and tells each time", async () => {
    registry.nextAnswers.push(fails(503, "UNAVAILABLE"), fails(503, "UNAVAILABLE"));
    await pull("app:1");
    expect(notes.join("\n")).toMatch(/registry cannot be reached.*503.*Trying again in 1 s/);
  });

  it("gives up a registry that cannot be reached, retryable", async () => {
    registry.close();
    const error = await failure("app:1");
    expect([error.code, error.retryable]).toEqual(["Transient", true]);
    expect(error.message).toMatch(/cannot be reached.*connection refused/);
    expect(notes.filter((text) => text.includes("Trying again"))).toHaveLength(3);
  });

  it("ends as soon as it is aborted, also while the registry says nothing", async () => {
    const stop = new AbortController();
    registry.nextAnswers.push(() => stop.abort(new ExecError("Cancelled", "enough")));
    expect((await failure("app:1", "missing", {}, stop.signal)).message).toBe("enough");
  });
});
