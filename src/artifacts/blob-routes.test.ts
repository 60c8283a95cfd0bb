import { describe, expect, it } from "vitest";
import { parseBlockList } from "./blob-routes.ts";
import { parseRange } from "./serve-blob.ts";
import { type JobClient, openServices, put } from "./services.fixture.ts";

async function uploadUrl(job: JobClient, name = "a"): Promise<string> {
  const { body } = await job.artifact("CreateArtifact", { name, version: 7 });
  return String(body.signed_upload_url);
}

const id = (index: number) =>
  encodeURIComponent(Buffer.from(String(index).padStart(48, "0")).toString("base64"));

function list(...indexes: number[]): string {
  const items = indexes.map((index) => `<Latest>${decodeURIComponent(id(index))}</Latest>`);
  return `<?xml version="1.0" encoding="utf-8"?><BlockList>${items.join("")}</BlockList>`;
}

describe("an upload address", () => {
  it("takes blocks and a list of them, as Azure's clients send large things", async () => {
    const job = await (await openServices()).client();
    const url = await uploadUrl(job);
    const blocks = ["first ", "second ", "third"];
    const answers = await Promise.all(
      blocks.map((text, index) => put(url, text, `&comp=block&blockid=${id(index)}`)),
    );
    expect(answers.map((a) => a.status)).toEqual([201, 201, 201]);
    expect((await put(url, list(0, 1, 2), "&comp=blocklist")).status).toBe(201);
    expect((await job.artifact("FinalizeArtifact", { name: "a", size: "18" })).status).toBe(200);
    expect(await (await job.download("a")).text()).toBe("first second third");
  });

  it.each([
    ["a block without an id", "&comp=block", "x", "blockid is base64 of 1 to 64 bytes"],
    ["a block with an id that is no base64", "&comp=block&blockid=..%2F..%2Fx", "x", "blockid is base64"],
    ["a list that is no list", "&comp=blocklist", "garbage", "the body is no block list"],
    ["a list of blocks that never came", "&comp=blocklist", list(9), "a block that was not uploaded"],
    ["another operation", "&comp=appendblock", "x", "comp=appendblock is not understood here"],
  ])("refuses %s with an error in Azure's form", async (_, query, body, message) => {
    const job = await (await openServices()).client();
    const answer = await put(await uploadUrl(job), body, query);
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(
      /^<\?xml version="1\.0" encoding="utf-8"\?><Error><Code>InvalidInput<\/Code><Message>.*<\/Message><\/Error>$/,
    );
    expect(answer.text).toContain(message);
  });

  it("refuses other kinds of blobs", async () => {
    const job = await (await openServices()).client();
    const response = await fetch(await uploadUrl(job), {
      method: "PUT",
      body: "x",
      headers: { "x-ms-blob-type": "AppendBlob" },
    });
    expect(response.status).toBe(400);
  });

  it("is good for uploading only, and a download address for downloading only", async () => {
    const job = await (await openServices()).client();
    const up = await uploadUrl(job, "b");
    await job.upload("a", "x");
    const down = (await job.download("a")).url;
    expect((await fetch(up)).status).toBe(403);
    expect((await put(down, "overwritten")).status).toBe(403);
    expect((await fetch(up, { method: "DELETE" })).status).toBe(400);
    expect(await (await job.download("a")).text()).toBe("x");
  });

  it("is dead once its artifact is finished", async () => {
    const job = await (await openServices()).client();
    const url = await uploadUrl(job);
    await put(url, "x");
    await job.artifact("FinalizeArtifact", { name: "a", size: "1" });
    expect((await put(url, "y")).status).toBe(404);
    expect(await (await job.download("a")).text()).toBe("x");
  });

  it.each(["sp", "access", "se", "sid", "rsct", "rscd", "sig", "path"])(
    "is worth nothing with another %s",
    async (part) => {
      const job = await (await openServices()).client();
      await job.upload("a", "x");
      await job.upload("b", "y");
      const url = new URL((await job.download("a")).url);
      if (part === "path") url.pathname = new URL((await job.download("b")).url).pathname;
      else if (part === "access") url.searchParams.set("sp", "w");
      else url.searchParams.set(part, part === "se" ? "99999999999999" : "changed");
      const response = await fetch(url);
      expect(response.status).toBe(403);
      expect(response.headers.get("x-ms-error-code")).toBe("AuthenticationFailed");
    },
  );

  it("expires", async () => {
    const { client, time } = await openServices();
    const job = await client();
    await job.upload("a", "x");
    const { url } = await job.download("a");
    time.now += 25 * 3600 * 1000;
    expect((await fetch(url)).status).toBe(403);
  });

  it("dies with its job", async () => {
    const { client, services } = await openServices();
    const job = await client();
    await job.upload("a", "x");
    const { url } = await job.download("a");
    const up = await uploadUrl(job, "b");
    await services.revoke({ buildId: "build-1", jobKey: "test", attempt: 1 });
    expect((await fetch(url)).status).toBe(403);
    expect((await put(up, "x")).status).toBe(403);
  });
});

describe("a download address", () => {
  it.each([
    [{ range: "bytes=2-4" }, 206, "234", "bytes 2-4/10"],
    [{ range: "bytes=7-" }, 206, "789", "bytes 7-9/10"],
    [{ range: "bytes=-2" }, 206, "89", "bytes 8-9/10"],
    [{ range: "bytes=8-100" }, 206, "89", "bytes 8-9/10"],
    [{ "x-ms-range": "bytes=0-0" }, 206, "0", "bytes 0-0/10"],
    [{ range: "bytes=10-" }, 416, "", "bytes */10"],
    [{ range: "bytes=0-1,4-5" }, 200, "0123456789", null],
    [{ range: "lines=1-2" }, 200, "0123456789", null],
  ])("answers %j with %d %j", async (headers, status, text, range) => {
    const job = await (await openServices()).client();
    await job.upload("a", "0123456789");
    const { url } = await job.download("a");
    const response = await fetch(url, { headers: headers as Record<string, string> });
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(response.headers.get("content-range")).toBe(range);
  });

  it("tells size and kind by HEAD, without a body", async () => {
    const job = await (await openServices()).client();
    await job.upload("a", "0123456789");
    const { url } = await job.download("a");
    const response = await fetch(url, { method: "HEAD" });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-length": "10",
      "accept-ranges": "bytes",
      "x-ms-blob-type": "BlockBlob",
      etag: expect.stringMatching(/^"[0-9a-f-]+"$/),
    });
    expect(await response.text()).toBe("");
  });

  it("gives an empty file as one", async () => {
    const job = await (await openServices()).client();
    await job.upload("a", "");
    const response = await job.download("a");
    expect([response.status, await response.text(), response.headers.get("content-length")]).toEqual([
      200,
      "",
      "0",
    ]);
  });

  it("says 404 once the artifact is deleted", async () => {
    const job = await (await openServices()).client();
    await job.upload("a", "x");
    const { url } = await job.download("a");
    await job.artifact("DeleteArtifact", { name: "a" });
    expect((await fetch(url)).status).toBe(404);
  });
});

describe("parseRange", () => {
  it.each([
    ["bytes=0-", 0, "unsatisfiable"],
    ["bytes=-5", 0, "unsatisfiable"],
    ["bytes=-0", 9, "unsatisfiable"],
    ["bytes=-50", 9, { start: 0, end: 8 }],
    ["bytes=5-2", 9, undefined],
    ["bytes=-", 9, undefined],
    ["bytes=99999999999999999999-", 9, "unsatisfiable"],
  ])("reads %j of %d bytes as %j", (header, size, expected) => {
    expect(parseRange(header, size)).toEqual(expected);
  });
});

describe("parseBlockList", () => {
  it("reads ids in order, of all three lists, with blanks", () => {
    const xml =
      "<BlockList>\n <Latest> YQ== </Latest><Committed>Yg==</Committed><Uncommitted>Yw==</Uncommitted></BlockList>";
    expect(parseBlockList(xml)).toEqual(["YQ==", "Yg==", "Yw=="]);
  });

  it.each(["<BlockList/>", "<BlockList></BlockList>", "<?xml version='1.0'?><BlockList />"])(
    "reads %j as none",
    (xml) => {
      expect(parseBlockList(xml)).toEqual([]);
    },
  );

  it("refuses more blocks than a blob has", () => {
    expect(() => parseBlockList(`<BlockList>${"<Latest>a</Latest>".repeat(50_001)}</BlockList>`)).toThrow(
      "at most 50000",
    );
  });
});
