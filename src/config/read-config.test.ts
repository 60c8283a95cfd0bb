import { describe, expect, it } from "vitest";
import { describeConfig } from "./describe-config.ts";
import { type ConfigSources, readConfig } from "./read-config.ts";
import { SETTINGS, type SettingName } from "./settings.ts";

const NOTHING: ConfigSources = { flags: {}, env: {} };

function read(sources: Partial<ConfigSources>) {
  const result = readConfig({ ...NOTHING, ...sources });
  if ("problems" in result) throw new Error(result.problems.join("\n"));
  return result;
}

function problems(sources: Partial<ConfigSources>): readonly string[] {
  const result = readConfig({ ...NOTHING, ...sources });
  return "problems" in result ? result.problems : [];
}

const inFile = (content: unknown) => ({ file: { name: "slipway.yaml", content } });

describe("the server's settings", () => {
  it("need nothing: every default is sound", () => {
    const { config, origins } = read({});
    expect(config.listen).toEqual({ host: "127.0.0.1", port: 8080 });
    expect(config.roles).toEqual(["pipeline", "executor", "worker"]);
    expect(config["stop-timeout"]).toBe(30_000);
    expect(config["logs.step-size"]).toBe(256 * 1024 ** 2);
    expect(config["actions.offline"]).toBe(false);
    expect(config["database.url"]).toBeUndefined();
    expect(origins.listen).toBe("default");
    expect(origins["database.url"]).toBe("none");
  });

  it("come from a flag before the environment before the file before the default", () => {
    const file = inFile({ worker: { "max-builds": 3, "max-jobs": 4 }, data: "/file" });
    const env = { SLIPWAY_WORKER_MAX_BUILDS: "5", SLIPWAY_WORKER_MAX_JOBS: "6" };
    const { config, origins } = read({ ...file, env, flags: { "worker-max-builds": "7" } });
    expect([config["worker.max-builds"], config["worker.max-jobs"], config.data]).toEqual([7, 6, "/file"]);
    expect(origins["worker.max-builds"]).toBe("--worker-max-builds");
    expect(origins["worker.max-jobs"]).toBe("$SLIPWAY_WORKER_MAX_JOBS");
    expect(origins.data).toBe("slipway.yaml");
  });

  it("take an empty variable for none", () => {
    expect(read({ env: { SLIPWAY_DATA: "" } }).config.data).toBe("./slipway-data");
  });

  it("take the first of several variables", () => {
    const env = { AWS_REGION: "eu-west-1", S3_REGION: "eu-central-1" };
    expect(read({ env }).config["s3.region"]).toBe("eu-central-1");
    expect(read({ env: { AWS_REGION: "eu-west-1" } }).config["s3.region"]).toBe("eu-west-1");
  });

  it("take lists of a file as lists", () => {
    expect(read(inFile({ worker: { labels: ["gpu", "big"] } })).config["worker.labels"]).toEqual([
      "gpu",
      "big",
    ]);
  });

  it.each([
    ["listen", "9000", { host: "127.0.0.1", port: 9000 }],
    ["listen", "0.0.0.0:80", { host: "0.0.0.0", port: 80 }],
    ["listen", "[::1]:0", { host: "::1", port: 0 }],
    ["stop-timeout", "500ms", 500],
    ["stop-timeout", "1.5m", 90_000],
    ["logs.retention", "7d", 7 * 86_400_000],
    ["caches.size", "10GiB", 10 * 1024 ** 3],
    ["caches.size", "5MB", 5_000_000],
    ["caches.size", "0", 0],
    ["actions.offline", "Yes", true],
    ["worker.labels", " a, b ,a,", ["a", "b"]],
  ] as const)("reads %s = %s", (name, text, value) => {
    const { config } = read({ flags: { [name.replaceAll(".", "-")]: text } });
    expect(config[name]).toEqual(value);
  });

  it.each([
    ["listen", "host:99999", /host:port/],
    ["listen", "a b:1", /host:port/],
    ["stop-timeout", "30", /a duration such as/],
    ["stop-timeout", "-1s", /a duration such as/],
    ["worker.lease", "1ms", /too little: at least 1000 ms/],
    ["worker.max-builds", "0", /too little: at least 1/],
    ["worker.max-builds", "1e9", /a whole number/],
    ["worker.max-builds", "999999999", /too much: at most/],
    ["logs.step-size", "many", /a size such as/],
    ["roles", "pipeline,boss", /"boss" is not one of pipeline, executor, worker/],
    ["roles", ",", /at least one of/],
    ["log-level", "loud", /"loud" is not one of debug/],
    ["actions.offline", "maybe", /true or false/],
    ["url", "ftp://x", /beginning with http:\/\/ or https:\/\//],
    ["url", "localhost", /beginning with/],
  ])("refuses %s = %s", (name, text, message) => {
    const found = problems({ flags: { [name.replaceAll(".", "-")]: text } });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
    expect(found[0]).toContain(`${name} (--${name.replaceAll(".", "-")})`);
  });

  it("tell every mistake at once, each with its place", () => {
    const found = problems({
      ...inFile({ listn: 1, worker: { "max-builds": { a: 1 } }, limits: { jobs: "x" } }),
      env: { SLIPWAY_LOG_LEVEL: "loud" },
    });
    expect(found).toEqual([
      "listn (slipway.yaml): there is no such setting; did you mean listen?",
      expect.stringContaining("worker.max-builds (slipway.yaml): a value is wanted"),
      expect.stringContaining("log-level ($SLIPWAY_LOG_LEVEL):"),
      expect.stringContaining("limits.jobs (slipway.yaml):"),
    ]);
  });

  it("refuse a file that is no mapping", () => {
    expect(problems(inFile("just text"))).toEqual(["slipway.yaml: a mapping of settings is wanted"]);
  });

  it("repeat no password of a wrong address", () => {
    const found = problems({ env: { DATABASE_URL: "mysql://me:hunter2@db/x" } }).join();
    expect(found).toContain(
      "database.url ($DATABASE_URL): this is not an address beginning with postgres://",
    );
    expect(found).not.toContain("hunter2");
  });

  const SPLIT = {
    "database-url": "postgres://db/x",
    "queue-url": "amqp://mq",
    "service-token": "t",
    "master-key": "k",
    "executor-url": "http://executor:8081",
    url: "http://slipway",
  };
  it.each([
    ["database-url", "pipeline", /needs database.url/],
    ["queue-url", "worker", /needs queue.url/],
    ["service-token", "worker", /service-token is needed/],
    ["master-key", "worker", /master-key is needed/],
    ["executor-url", "pipeline", /executor.url is needed/],
    ["url", "worker", /url is needed/],
  ])("ask for %s where the role %s stands alone", (flag, roles, message) => {
    const { [flag as "url"]: _, ...others } = SPLIT;
    expect(problems({ flags: { ...others, roles } })).toEqual([expect.stringMatching(message)]);
    expect(problems({ flags: { ...SPLIT, roles } })).toEqual([]);
  });

  it("refuse a bucket with half a key pair", () => {
    expect(problems({ env: { S3_BUCKET: "b", S3_ACCESS_KEY_ID: "id" } })).toEqual([
      expect.stringContaining("needs s3.access-key-id and"),
    ]);
  });
});

describe("settings that do not go together", () => {
  it("are a queue for many processes over records for one", () => {
    expect(problems({ env: { AMQP_URL: "amqp://mq" } })).toEqual([
      expect.stringContaining("queue.url without database.url"),
    ]);
  });
});

describe("the settings as people may see them", () => {
  it("show every setting with its value and origin, and no secret", () => {
    const { config, origins } = read({
      flags: { "master-key": "hunter1", "database-url": "postgres://me:hunter2@db/x" },
      env: {
        S3_BUCKET: "b",
        S3_ACCESS_KEY_ID: "id",
        S3_SECRET_ACCESS_KEY: "hunter3",
        SLIPWAY_URL: "http://u:hunter4@x/",
      },
    });
    const rows = describeConfig(config, origins);
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(SETTINGS));
    expect(JSON.stringify(rows)).not.toContain("hunter");
    const row = (name: SettingName) => rows.find((each) => each.name === name);
    expect(row("database.url")).toMatchObject({ value: "postgres://me:***@db/x", origin: "--database-url" });
    expect(row("master-key")).toMatchObject({ value: "***" });
    expect(row("listen")).toMatchObject({ value: "127.0.0.1:8080", origin: "default" });
    expect(row("stop-timeout")).toMatchObject({ value: "30s" });
    expect(row("traces.url")).toMatchObject({ value: "-", origin: "none" });
  });
});
