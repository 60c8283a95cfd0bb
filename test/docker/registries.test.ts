// Images from a registry that wants to know who asks.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FakeRegistry } from "../../src/executors/docker/fake-registry.fixture.ts";
import { testDocker } from "../support/docker.ts";
import { RunStage, saidOf } from "./run-stage.fixture.ts";

const PASSWORD = "harbour-pass-4711";

describe("images of a registry", () => {
  let registry: FakeRegistry;

  beforeAll(async () => {
    registry = await FakeRegistry.open();
    registry.credentials = `ada:${PASSWORD}`;
  });
  afterAll(async () => {
    registry.close();
    const { client } = await testDocker();
    await client
      .getImage(`${registry.host}/app:1`)
      .remove({ force: true })
      .catch(() => {});
  });

  const job = (image: string, password: string) => `on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container:
      image: ${registry.host}/${image}
      credentials: { username: ada, password: '${password}' }
    steps: [{ run: echo never }]
`;

  it("are pulled with the job's credentials, and the progress is shown", async () => {
    using stage = await RunStage.open(
      job("app:1", "${{ secrets.PASSWORD }}").replace("echo never", "echo $FROM_REGISTRY"),
    );
    const ran = await stage.run(["--secret", `PASSWORD=${PASSWORD}`]);
    expect(ran.code, saidOf(ran)).toBe(0);
    expect(ran.job("job").log).toContain("yes\n");
    expect(ran.stdout).toMatch(new RegExp(`Pulling .*${registry.host}/app:1`));
    expect(ran.stdout + ran.stderr).not.toContain(PASSWORD);
    expect(await stage.leftovers(ran)).toEqual([]);
  });

  it.each([
    ["a wrong password", "app:1x", "wrong-password", /unauthorized|authentication required/i],
    ["no such image", "nobody/has-this:3", PASSWORD, /manifest unknown|not found/i],
  ])(
    "fail the job where there is %s, with the registry's name and its words",
    async (_, image, password, words) => {
      using stage = await RunStage.open(job(image, "${{ secrets.PASSWORD }}"));
      const ran = await stage.run(["--secret", `PASSWORD=${password}`]);
      expect(ran.code).toBe(1);
      const { error = "", log } = ran.job("job");
      expect(error).toMatch(words);
      expect(error).toContain(registry.host);
      expect(error).toContain(image);
      expect(log).not.toContain("never\n");
      expect(ran.stdout + ran.stderr).not.toContain(password);
      expect(await stage.leftovers(ran)).toEqual([]);
    },
  );

  it("want a password that is not empty, as on GitHub", async () => {
    using stage = await RunStage.open(job("app:1", "${{ secrets.NOT_THERE }}"));
    const ran = await stage.run();
    expect(ran.code).toBe(1);
    expect(`${ran.job("job").error}`).toMatch(/password/);
  });

  it("that do not answer are named", async () => {
    using stage = await RunStage.open(`on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container: 127.0.0.1:1/app:2
    steps: [{ run: echo never }]
`);
    const ran = await stage.run();
    expect(ran.job("job").error).toMatch(/127\.0\.0\.1:1.*connection refused/);
  });
});
