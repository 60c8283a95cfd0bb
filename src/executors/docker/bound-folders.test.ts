import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobRequest } from "../../protocol/job-request.ts";
import { Recording } from "../conformance/recording.ts";
import { run, uses } from "../conformance/steps.ts";
import { dockerPlace } from "./docker-place.fixture.ts";

/** As `slipway run` has it: the folders of the request are this machine's. */
describe("a job on bound folders", { timeout: 60_000 }, () => {
  let place: Awaited<ReturnType<typeof dockerPlace>>;
  let said: Recording;
  beforeEach(async () => {
    place = await dockerPlace({ mode: "bind" });
    said = new Recording();
  });
  afterEach(async () => {
    expect(await place.leftovers()).toEqual([]);
    await place.close();
  });

  const end = async (request: JobRequest) =>
    await (await place.executor.start(request, said.sink, said.note)).ended;
  const request = (more: Partial<JobRequest>): JobRequest => ({ ...place.request("job"), ...more });
  const SUCCESS = expect.objectContaining({
    kind: "reported",
    final: expect.objectContaining({ result: "success" }),
  });

  it("leaves the workspace to this machine, its files the owner's", async () => {
    const job = request({
      steps: [run("mkdir -p out && echo built > out/file")],
      workspaceOwner: { uid: 12345, gid: 23456 },
    });
    expect(await end(job)).toEqual(SUCCESS);
    const file = join(job.directories.workspace, "out/file");
    expect(readFileSync(file, "utf8")).toBe("built\n");
    expect([lstatSync(file).uid, lstatSync(file).gid]).toEqual([12345, 23456]);
  });

  it("checks a work tree out, uncommitted changes too, and cannot write to it", async () => {
    const checkout = await place.checkout?.({ "a.txt": "committed" });
    if (checkout?.source.kind !== "worktree") throw new Error("The place gives no work tree.");
    const tree = checkout.source.path;
    writeFileSync(join(tree, "b.txt"), "uncommitted");
    const steps = [
      uses("actions/checkout@v4"),
      run(`cat a.txt b.txt; touch ${tree}/c 2>/dev/null || echo ' refused'`),
    ];
    expect(await end(request({ steps, checkout }))).toEqual(SUCCESS);
    expect(said.printed(1)).toBe("committeduncommitted refused\n");
  });

  it("runs an action that is a folder of this machine", async () => {
    const published = await place.publishAction?.("me/act@v1", {
      "action.yml": "name: a\ndescription: a\nruns: {using: node20, main: main.js}\n",
      "main.js": "console.log('action of the host')",
    });
    expect(await end(request({ steps: [uses("me/act@v1")], ...published }))).toEqual(SUCCESS);
    expect(said.text()).toContain("action of the host");
  });

  it("lets an image's own user write to the workspace", async () => {
    const placement = {
      labels: [],
      container: { image: place.images.nonRoot, env: {}, ports: [], volumes: [], options: "" },
      services: [],
      stepImages: [],
      clone: false,
    };
    expect(await end(request({ steps: [run("id -u > who")], placement }))).toEqual(SUCCESS);
    expect(readFileSync(join(request({}).directories.workspace, "who"), "utf8")).toBe("1234\n");
  });

  it("reaches a server on this machine's loopback by its own address, also from the image's own user", async () => {
    const server = createServer((_, response) => response.end("of the host"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    try {
      const placement = {
        labels: [],
        container: { image: place.images.nonRoot, env: {}, ports: [], volumes: [], options: "" },
        services: [],
        stepImages: [],
        clone: false,
      };
      const services = { resultsUrl: url, cacheUrl: url, runtimeUrl: url, runtimeToken: "planted-token" };
      expect(await end(request({ steps: [run(`wget -q -O - ${url}`)], placement, services }))).toEqual(
        SUCCESS,
      );
      expect(said.printed()).toBe("of the host");
    } finally {
      server.close();
    }
  });

  it("mounts no folder of the host that the installation does not allow, and makes nothing", async () => {
    const secret = join(request({}).directories.temp, "..", "secret");
    mkdirSync(secret, { recursive: true });
    const container = {
      image: place.images.plain,
      env: {},
      ports: [],
      volumes: [`${secret}:/s`],
      options: "",
    };
    const placement = { labels: [], container, services: [], stepImages: [], clone: false };
    await expect(end(request({ steps: [run("true")], placement }))).rejects.toMatchObject({
      code: "InvalidSpec",
      message: expect.stringContaining(secret),
    });
    expect(existsSync(request({}).directories.workspace)).toBe(false);
  });
});
