import { describe, expect, it } from "vitest";
import { type OptionRules, parseCreateOptions } from "./parse-create-options.ts";

const careful: OptionRules = {
  privileged: false,
  hostPaths: false,
  ceilings: { cpus: 4, memoryBytes: 2 * 1024 ** 3, pids: 1000 },
};
const parse = (text: string, rules = careful) => parseCreateOptions(text, "the service 'db'", rules);

describe("options, the flags of docker create", () => {
  it("reads a health check as GitHub's examples write it", () => {
    const text =
      '--health-cmd "pg_isready -U me" --health-interval 10s --health-timeout=5s --health-retries 5';
    expect(parse(text).container.Healthcheck).toEqual({
      Test: ["CMD-SHELL", "pg_isready -U me"],
      Interval: 10e9,
      Timeout: 5e9,
      Retries: 5,
    });
    expect(parse("--no-healthcheck").container.Healthcheck).toEqual({ Test: ["NONE"] });
  });

  it.each([
    ["--cpus 1.5", { NanoCpus: 1.5e9 }],
    ["--memory=512m", { Memory: 512 * 1024 ** 2 }],
    ["-m 1g", { Memory: 1024 ** 3 }],
    ["--shm-size 2gb", { ShmSize: 2 * 1024 ** 3 }],
    ["--pids-limit 100", { PidsLimit: 100 }],
    [
      "--ulimit nofile=1024:2048 --ulimit core=0",
      {
        Ulimits: [
          { Name: "nofile", Soft: 1024, Hard: 2048 },
          { Name: "core", Soft: 0, Hard: 0 },
        ],
      },
    ],
    ["--add-host a:1.2.3.4 --add-host b:5.6.7.8", { ExtraHosts: ["a:1.2.3.4", "b:5.6.7.8"] }],
    ["--dns 1.1.1.1", { Dns: ["1.1.1.1"] }],
    ["--cap-drop ALL", { CapDrop: ["ALL"] }],
    ["--init", { Init: true }],
    ["--init=false", { Init: false }],
    ["--read-only", { ReadonlyRootfs: true }],
    [
      "--tmpfs /run:size=64m,mode=1770",
      {
        Mounts: [
          { Type: "tmpfs", Target: "/run", TmpfsOptions: { SizeBytes: 64 * 1024 ** 2, Mode: 0o1770 } },
        ],
      },
    ],
    [
      "--mount type=volume,source=v,target=/v,readonly",
      {
        Mounts: [{ Type: "volume", Source: "v", Target: "/v", ReadOnly: true }],
      },
    ],
    ["--gpus all", { DeviceRequests: [{ Count: -1, Capabilities: [["gpu"]] }] }],
  ])("'%s' is for the host's side", (text, host) => {
    expect(parse(text).host).toEqual(host);
  });

  it.each([
    ["-u 1000:1000", { User: "1000:1000" }],
    ["--user=me", { User: "me" }],
    ["--hostname box -w /src", { Hostname: "box", WorkingDir: "/src" }],
    [`-e A=1 -eB='x y' --env C=`, { Env: ["A=1", "B=x y", "C="] }],
    ["--entrypoint /bin/run", { Entrypoint: ["/bin/run"] }],
    ["-l a=b --label c", { Labels: { a: "b", c: "" } }],
    ["--expose 80", { ExposedPorts: { "80/tcp": {} } }],
  ])("'%s' is for the container's side", (text, container) => {
    expect(parse(text).container).toEqual(container);
  });

  it("gives aliases, volumes and ports to who has more of them", () => {
    const { networkAliases, volumes, ports } = parse(
      "--network-alias one --net-alias=two -v a:/a -p 8080:80",
    );
    expect({ networkAliases, volumes, ports }).toEqual({
      networkAliases: ["one", "two"],
      volumes: ["a:/a"],
      ports: ["8080:80"],
    });
  });

  it("warns of a name, which means nothing here", () => {
    expect(parse("--name mine").warnings).toEqual([expect.stringMatching(/--name mine.*ignored/)]);
  });

  it.each([
    ["--unheard-of 1", /'--unheard-of' is no flag/],
    ["--restart always", /'--restart' cannot be used here: .*twice/],
    ["--network host", /'--network' cannot be used here/],
    ["--privileged", /'--privileged' is not allowed/],
    ["--cap-add SYS_ADMIN", /'--cap-add' is not allowed/],
    ["--device /dev/kvm", /'--device' is not allowed/],
    ["--security-opt seccomp=unconfined", /'--security-opt' is not allowed/],
    ["--pid host", /'--pid host' is not allowed/],
    ["--mount type=bind,source=/etc,target=/e", /\/etc of the Docker host cannot be mounted/],
    ["--cpus 8", /--cpus 8 is more than the 4/],
    ["--memory 3g", /--memory 3 GB is more than the 2 GB/],
    ["--pids-limit -1", /--pids-limit -1 is more than/],
    ["--memory lots", /'--memory lots' is not an amount/],
    ["--health-interval soon", /'--health-interval soon' is not a duration/],
    ["-e HOME", /'-e HOME' names no value/],
    ["--label slipway.dev/job=x", /Slipway's own/],
    ["--user", /'--user' has no value/],
    ["word", /'word' is not a flag/],
    ["--user 'me", /quote.*not closed/],
  ])("'%s' is refused, named", (text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "InvalidSpec", retryable: false }));
    expect(() => parse(text)).toThrow(message);
  });

  it("allows what gives power over the host where the installation does", () => {
    const { host } = parse("--privileged --cap-add NET_ADMIN --device /dev/fuse", {
      privileged: true,
      hostPaths: true,
    });
    expect(host).toMatchObject({
      Privileged: true,
      CapAdd: ["NET_ADMIN"],
      Devices: [{ PathOnHost: "/dev/fuse" }],
    });
  });
});
