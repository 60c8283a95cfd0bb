import { describe, expect, it } from "vitest";
import { DefaultNetwork } from "./default-network.ts";
import type { DockerEngine } from "./docker-engine.ts";

const { signal } = new AbortController();

function daemonWith(...networks: string[]): DockerEngine {
  const inspectNetwork: DockerEngine["inspectNetwork"] = async (name) =>
    networks.includes(name) ? { id: `id of ${name}`, labels: {} } : undefined;
  return { inspectNetwork } as DockerEngine;
}

describe("the daemon's default network", () => {
  it("is lent to one job at a time, and to the next once it was given back by who has it", async () => {
    const network = new DefaultNetwork();
    const engine = daemonWith("bridge");
    const both = [network.borrow("one", engine, signal), network.borrow("two", engine, signal)];
    expect(await Promise.all(both)).toEqual(["bridge", undefined]);
    network.giveBack("two");
    expect(await network.borrow("three", engine, signal)).toBeUndefined();
    network.giveBack("one");
    expect(await network.borrow("three", engine, signal)).toBe("bridge");
  });

  it("is lent to nobody where the daemon has none", async () => {
    const network = new DefaultNetwork();
    expect(await network.borrow("one", daemonWith("podman"), signal)).toBeUndefined();
  });

  it("is free again after a daemon that did not answer", async () => {
    const network = new DefaultNetwork();
    const silent: DockerEngine["inspectNetwork"] = async () => {
      throw new Error("no answer");
    };
    await expect(network.borrow("one", { inspectNetwork: silent } as DockerEngine, signal)).rejects.toThrow(
      "no answer",
    );
    expect(await network.borrow("two", daemonWith("bridge"), signal)).toBe("bridge");
  });
});
