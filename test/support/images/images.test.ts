import { describe, expect, it } from "vitest";
import { testDocker } from "../docker.ts";
import { runContainer } from "../run-container.ts";
import { loadImage } from "./load-image.ts";
import { testImage } from "./test-image.ts";

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
    expect(
      await runContainer(client, { image: busybox, cmd: ["sh", "-c", "echo $IMAGE_NAME; id -u"] }),
    ).toMatchObject({
      code: 0,
      stdout: "busybox\n0\n",
    });
    const glibc = await loadImage(client, "glibc");
    expect(
      await runContainer(client, {
        image: glibc,
        cmd: ["bash", "-c", "tool-of-image; echo $LANG $HOME; date -d @0 +%B"],
      }),
    ).toMatchObject({
      code: 0,
      stdout: "tool of the image\nC.UTF-8 /home/builder\nJanuary\n",
    });
    const musl = await loadImage(client, "musl");
    expect(await runContainer(client, { image: musl, cmd: ["sh", "-c", "ls /lib; probe id"] })).toMatchObject(
      {
        code: 0,
        stdout: expect.stringMatching(/^ld-musl-\S+\n0 0\n$/),
      },
    );
    const distroless = await loadImage(client, "distroless");
    expect(await runContainer(client, { image: distroless, cmd: ["id", "--", "env", "PATH"] })).toMatchObject(
      {
        code: 0,
        stdout: "65532 65532\nPATH=/app\n",
      },
    );
    await expect(runContainer(client, { image: distroless, entrypoint: ["sh"] })).rejects.toThrow(
      "not found",
    );
    const scratch = await loadImage(client, "scratch");
    expect(
      await runContainer(client, { image: scratch, cmd: ["say", "hello", "--", "exit", "7"] }),
    ).toMatchObject({
      code: 7,
      stdout: "hello\n",
    });
    expect((await runContainer(client, { image: scratch, cmd: ["cat", "/etc/passwd"] })).code).toBe(1);
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
    expect(await runContainer(client, { image })).toMatchObject({
      code: 0,
      stdout: "COLOUR=blue\n12345 54321\n/data\nword\n",
    });
  });

  it("talk to each other by name on a network, and to this machine", async () => {
    const { client } = await testDocker();
    const image = await loadImage(client, "scratch");
    const network = await client.createNetwork({ Name: `talk-${process.pid}` });
    const server = await client.createContainer({
      Image: image,
      Cmd: ["serve", "8080", "here I am"],
      HostConfig: { NetworkMode: network.id },
      NetworkingConfig: { EndpointsConfig: { [network.id]: { Aliases: ["greeter"] } } },
    });
    try {
      await server.start();
      const answer = await runContainer(client, {
        image,
        cmd: ["get", "greeter", "8080"],
        network: network.id,
      });
      expect(answer.stdout).toMatch(/\r\n\r\nhere I am$/);
    } finally {
      await server.remove({ force: true });
      await network.remove();
    }
  });
});
