import { describe, expect, it } from "vitest";
import { jobForwards } from "./job-forwards.ts";
import { parsePorts } from "./parse-ports.ts";

const told = (hostPorts: readonly number[], services: { readonly [id: string]: readonly string[] }) => {
  const notes: string[] = [];
  const wanted = Object.entries(services).map(([id, ports]) => ({ id, ports: ports.flatMap(parsePorts) }));
  return { ...jobForwards(hostPorts, wanted, (text) => notes.push(text)), notes };
};

describe("the loopback of a job without a container of its own", () => {
  it("has services at the port that was chosen, or at their own", () => {
    const { forwards, ports } = told([], { redis: ["6379"], web: ["8080:80"] });
    expect(ports).toEqual({ redis: { 6379: "6379" }, web: { 80: "8080" } });
    expect(forwards).toEqual([
      { listenPort: 6379, to: { host: "redis", port: 6379 } },
      { listenPort: 8080, to: { host: "web", port: 80 } },
    ]);
  });

  it("gives two services with the same port two places, and lets a chosen one go first", () => {
    const { ports } = told([], { a: ["80"], b: ["80"], c: ["81"], d: ["81:5"] });
    expect(ports).toEqual({ a: { 80: "80" }, b: { 80: "32768" }, c: { 81: "32769" }, d: { 5: "81" } });
  });

  it("keeps the ports by which the job speaks to Slipway", () => {
    const { forwards, ports, notes } = told([3000], { web: ["3000"], api: ["3000:80"] });
    expect(forwards[0]).toEqual({ listenPort: 3000, to: { socket: "/__w/_host/3000.sock" } });
    expect(ports).toEqual({ web: { 3000: "32768" }, api: {} });
    expect(notes).toEqual([expect.stringMatching(/Port 3000 .*in use already.*api:80/)]);
  });

  it("says that a port of UDP is not there", () => {
    const { ports, notes } = told([], { dns: ["53/udp"] });
    expect([ports, notes.length]).toEqual([{ dns: {} }, 1]);
    expect(notes[0]).toContain("dns:53");
  });
});

describe("ports as pipelines write them", () => {
  it.each([
    ["80", [{ containerPort: 80, protocol: "tcp" }]],
    ["8080:80/udp", [{ containerPort: 80, protocol: "udp", hostPort: 8080 }]],
    ["127.0.0.1:8080:80", [{ containerPort: 80, protocol: "tcp", hostPort: 8080 }]],
    ["127.0.0.1::80", [{ containerPort: 80, protocol: "tcp" }]],
    [
      "8000-8001:80-81",
      [
        { containerPort: 80, protocol: "tcp", hostPort: 8000 },
        { containerPort: 81, protocol: "tcp", hostPort: 8001 },
      ],
    ],
  ])("'%s'", (text, expected) => {
    expect(parsePorts(text)).toEqual(expected);
  });

  it.each(["", "web", "80:", "70000", "0", "8000-8001:80", "81-80", "80/http"])("'%s' is none", (text) => {
    expect(() => parsePorts(text)).toThrow(/is not like 80/);
  });
});
