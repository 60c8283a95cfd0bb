import { describe, expect, it } from "vitest";
import { openArtifact } from "./open-artifact.ts";
import { openPlatform, type PlatformFixture } from "./platform.fixture.ts";

const DAY = 24 * 3600 * 1000;
const list = ({ records }: PlatformFixture, rootId: string) =>
  records.store.artifacts.listArtifacts(rootId, records.clock.now());

describe("openArtifact", () => {
  async function stored(content: string) {
    const fixture = await openPlatform();
    await (await fixture.client()).upload("report ü", content, "text/html");
    const [artifact] = await list(fixture, "build-1");
    if (!artifact) throw new Error("nothing was kept");
    const { store, clock } = fixture.records;
    return {
      fixture,
      artifact,
      open: () => openArtifact({ records: store.artifacts, blobs: fixture.blobs, clock }, artifact.id),
    };
  }

  async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  it("gives the bytes with name, type and size", async () => {
    const { open } = await stored("<p>hi");
    const { artifact, body } = await open();
    expect(artifact).toMatchObject({ file: "report ü", contentType: "text/html", sizeBytes: 5 });
    expect(await text(body)).toBe("<p>hi");
  });

  it("ends with an error where the bytes were changed, and never gives all of them", async () => {
    const { fixture, artifact, open } = await stored("right");
    await fixture.blobs.put(artifact.blobKey, Buffer.from("wrong"));
    const { body } = await open();
    let seen = "";
    const read = async () => {
      for await (const chunk of body) seen += String(chunk);
    };
    await expect(read()).rejects.toMatchObject({
      code: "Permanent",
      message: expect.stringContaining("is damaged"),
    });
    expect(seen.length).toBeLessThan(5);
  });

  it("gives an empty artifact", async () => {
    const { open } = await stored("");
    expect(await text((await open()).body)).toBe("");
  });

  it("knows none that has expired, was cut, or is gone", async () => {
    const { fixture, artifact, open } = await stored("right");
    await fixture.blobs.put(artifact.blobKey, Buffer.from("rig"));
    await expect(open()).rejects.toMatchObject({ code: "NotFound" });
    await fixture.blobs.delete(artifact.blobKey);
    await expect(open()).rejects.toMatchObject({ code: "NotFound" });
    fixture.records.clock.advance(91 * DAY);
    await expect(open()).rejects.toThrow("has expired");
  });
});
