import { describe, expect, it } from "vitest";
import type { JobRequest } from "../../protocol/job-request.ts";
import { type ContainerPlace, containerRequest, workspaceOf } from "./container-request.ts";
import { trialRequest } from "./trial-request.fixture.ts";

const PLACE: ContainerPlace = {
  arch: "ARM64",
  containers: { services: {}, steps: { kind: "asked" }, stepWorkspace: "/github/workspace" },
};
const NEEDS = { labels: [], services: [], stepImages: [] };

function rewritten(more: Partial<JobRequest> = {}, place: Partial<ContainerPlace> = {}): JobRequest {
  return containerRequest(trialRequest("/host", ["true"], more), { ...PLACE, ...place });
}

describe("the request for a runner in a container", () => {
  it("has the container's folders, runner and environment", () => {
    expect(rewritten()).toMatchObject({
      baseEnv: {},
      directories: {
        workspace: "/__w/project/project",
        temp: "/__w/_temp",
        control: "/__w/_control",
        toolCache: "/__w/_tools",
        actionCache: "/__w/_actions",
      },
      runner: {
        name: "test",
        os: "Linux",
        arch: "ARM64",
        environment: "self-hosted",
        nodePath: "/slipway/bin/node",
      },
      containers: PLACE.containers,
    });
  });

  it("names the kit's bundled actions, whatever the folder of the host is called", () => {
    const actions = {
      url: "https://github.com",
      local: {},
      offline: false,
      bundled: {
        "actions/cache": "/opt/slipway/dist/actions/cache",
        "actions/setup-node": "/opt/x/setup-node/",
      },
    };
    expect(rewritten({ actions }).actions).toEqual({
      ...actions,
      bundled: {
        "actions/cache": "/slipway/actions/cache",
        "actions/setup-node": "/slipway/actions/setup-node",
      },
    });
  });

  it("names folders of this machine where the job sees them", () => {
    const seenAt = (path: string) => (path.startsWith("/host/") ? `/__w/_host${path.slice(5)}` : undefined);
    const actions = {
      url: "/host/server",
      local: { "me/a@v1": "/host/a", "me/b@v1": "/else/b" },
      offline: true,
    };
    const request = rewritten({ actions }, { seenAt });
    expect(request.actions).toEqual({
      url: "/__w/_host/server",
      local: { "me/a@v1": "/__w/_host/a", "me/b@v1": "/else/b" },
      offline: true,
    });
    expect(request.checkout.source).toEqual({ kind: "worktree", path: "/__w/_host/source" });
  });

  it("keeps everything else, and leaves out what only executors read", () => {
    const placement = {
      ...NEEDS,
      clone: false,
      container: { image: "x", env: { A: "secret" }, ports: [], volumes: [], options: "" },
    };
    const before = trialRequest("/host", ["echo"], { placement, masks: ["m"], timeoutMs: 7 });
    const after = containerRequest(before, {
      ...PLACE,
      runnerName: "of the pod",
      forwards: [{ listenPort: 1, to: { host: "db", port: 2 } }],
      workspaceOwner: { uid: 1, gid: 2 },
      directories: { toolCache: "/cache" },
    });
    expect(after).not.toHaveProperty("placement");
    expect(after).toMatchObject({
      steps: before.steps,
      contexts: before.contexts,
      masks: ["m"],
      timeoutMs: 7,
      runner: { name: "of the pod" },
      forwards: [{ listenPort: 1, to: { host: "db", port: 2 } }],
      workspaceOwner: { uid: 1, gid: 2 },
      directories: { toolCache: "/cache", temp: "/__w/_temp" },
    });
    expect(before.baseEnv).not.toEqual({});
  });
});

describe("the workspace", () => {
  const github = (repository?: string) => ({
    contexts: { ...trialRequest("/", []).contexts, github: repository === undefined ? {} : { repository } },
  });

  it.each([
    ["the repository's name twice", github("octo/ship.yard"), "/__w/ship.yard/ship.yard"],
    ["that of what is checked out, where no repository is known", github(), "/__w/project/project"],
    ["what .platform.yaml promises", { placement: { ...NEEDS, clone: true } }, "/workspace"],
  ])("is %s", (_, more, expected) => {
    expect(workspaceOf(trialRequest("/", [], more))).toBe(expected);
  });
});
