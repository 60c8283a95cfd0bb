import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { describe, expect, it } from "vitest";
import { testDocker } from "../docker.ts";
import { loadImage } from "./load-image.ts";
import { testImage } from "./test-image.ts";

async function run(
  client: Docker,
  image: string,
  cmd: string[],
  options: Docker.ContainerCreateOptions = {},
) {
  const out = new PassThrough();
  const chunks: Buffer[] = [];
  out.on("data", (chunk: Buffer) => chunks.push(chunk));
  const network = { NetworkMode: "none" };
  const [{ StatusCode }, container] = await client.run(image, cmd, out, {
    Tty: true,
    ...options,
    HostConfig: { ...network, ...options.HostConfig },
  });
  await container.remove();
  return { code: StatusCode, out: Buffer.concat(chunks).toString().replaceAll("\r\n", "\n") };
}

describe("images of tests", () => {
  it("are the same bytes each time", async () => {
    const [first, second] = [await testImage("busybox"), await testImage("busybox")];
    expect(first.tar.equals(second.tar)).toBe(true);
    const other = await testImage("busybox", { user: "1001" });
    expect(other.reference).not.toBe(first.reference);
  });

  it("have a shell or have none, and a libc of their own", async () => {
    const { client } = await testDocker();
    const busybox = await loadImage(client, "busybox");
    expect(await run(client, busybox, ["sh", "-c", "echo $IMAGE_NAME; id -u"])).toEqual({
      code: 0,
      out: "busybox\n0\n",
    });
    const glibc = await loadImage(client, "glibc");
    expect(
      await run(client, glibc, ["bash", "-c", "tool-of-image; echo $LANG $HOME; date -d @0 +%B"]),
    ).toEqual({
      code: 0,
      out: "tool of the image\nC.UTF-8 /home/builder\nJanuary\n",
    });
    const musl = await loadImage(client, "musl");
    expect(await run(client, musl, ["sh", "-c", "ls /lib; probe id"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^ld-musl-\S+\n0 0\n$/),
    });
    const distroless = await loadImage(client, "distroless");
    expect(await run(client, distroless, ["id", "--", "env", "PATH"])).toEqual({
      code: 0,
      out: "65532 65532\nPATH=/app\n",
    });
    await expect(run(client, distroless, [], { Entrypoint: ["sh"] })).rejects.toThrow("not found");
    const scratch = await loadImage(client, "scratch");
    expect(await run(client, scratch, ["say", "hello", "--", "exit", "7"])).toEqual({
      code: 7,
      out: "hello\n",
    });
    expect((await run(client, scratch, ["cat", "/etc/passwd"])).code).toBe(1);
  });

  it("can be changed as a Dockerfile would", async () => {
    const { client } = await testDocker();
    const image = await loadImage(client, "scratch", {
      env: { COLOUR: "blue" },
      user: "12345:54321",
      workdir: "/data",
      files: [{ path: "data/word.txt", type: "file", content: "word\n" }],
      cmd: ["env", "COLOUR", "--", "id", "--", "pwd", "--", "cat", "word.txt"],
    });
    expect(await run(client, image, [])).toEqual({ code: 0, out: "COLOUR=blue\n12345 54321\n/data\nword\n" });
  });

  it("talk to each other by name on a network, and to this machine", async () => {
    const { client } = await testDocker();
    const image = await loadImage(client, "scratch");
    const network = await client.createNetwork({ Name: `talk-${process.pid}` });
    const on = { HostConfig: { NetworkMode: network.id } };
    const server = await client.createContainer({
      Image: image,
      Cmd: ["serve", "8080", "here I am"],
      ...on,
      NetworkingConfig: { EndpointsConfig: { [network.id]: { Aliases: ["greeter"] } } },
    });
    try {
      await server.start();
      const answer = await run(client, image, ["get", "greeter", "8080"], on);
      expect(answer.out).toMatch(/\r?\n\r?\nhere I am$/);
    } finally {
      await server.remove({ force: true });
      await network.remove();
    }
  });
});
