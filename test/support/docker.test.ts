import { expect, it } from "vitest";
import { testDocker } from "./docker.ts";

it("gives a daemon that answers", async () => {
  const { client, host } = await testDocker();
  expect(host).toMatch(/^(unix|tcp):/);
  expect(await client.version()).toMatchObject({ Os: "linux" });
});
