// What GitHub's own actions need, in a container: the services on this machine's loopback, Node, git, a work tree.
import { describe, expect, it } from "vitest";
import { testDocker } from "../support/docker.ts";
import { git } from "../support/git.ts";
import { loadImage } from "../support/images/load-image.ts";
import { RunStage, saidOf } from "./run-stage.fixture.ts";

const { client } = await testDocker();
const [busybox, distroless, musl] = await Promise.all([
  loadImage(client, "busybox"),
  loadImage(client, "busybox", { user: "1001:1001" }),
  loadImage(client, "musl"),
]);

describe("actions in containers", () => {
  it("check out, keep artifacts, hand them on, cache, and ask for tokens of the run", async () => {
    using stage = await RunStage.open(
      `on: push
permissions: { id-token: write, contents: read }
jobs:
  makes:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - run: cat tracked/file; git --version 2>/dev/null || echo no git in the image
      - uses: ./js
        id: js
        with: { word: grüße }
      - run: mkdir out; cp tracked/file out/; echo "\${{ steps.js.outputs.said }}" > out/said
      - uses: actions/upload-artifact@v7
        with: { name: made, path: out }
  takes:
    needs: makes
    runs-on: other
    steps:
      - uses: actions/download-artifact@v8
        with: { name: made, path: got }
      - run: cat got/file got/said; id -u
  own:
    runs-on: ubuntu-latest
    container: ${musl}
    steps:
      - uses: actions/checkout@v6
        with: { path: below }
      - run: cat below/tracked/file
`,
      {
        "tracked/file": "tracked ü\n",
        "js/action.yml":
          "name: J\ndescription: j\ninputs: { word: {} }\nruns: { using: node24, pre: pre.js, main: main.js, post: post.js }\n",
        "js/pre.js": "",
        "js/post.js": "console.log('post ' + process.env.STATE_kept);\n",
        "js/main.js": `const fs = require("node:fs");
fs.appendFileSync(process.env.GITHUB_OUTPUT, "said=" + process.env.INPUT_WORD + " from node\\n");
fs.appendFileSync(process.env.GITHUB_STATE, "kept=state\\n");
(async () => {
  const call = async (method, body) => {
    const url = process.env.ACTIONS_RESULTS_URL.replace(/[/]$/, "") + "/twirp/github.actions.results.api.v1.CacheService/" + method;
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json", authorization: "Bearer " + process.env.ACTIONS_RUNTIME_TOKEN }, body: JSON.stringify(body) });
    return await answer.json();
  };
  const version = "a".repeat(64);
  const made = await call("CreateCacheEntry", { key: "k", version });
  await fetch(made.signed_upload_url, { method: "PUT", headers: { "x-ms-blob-type": "BlockBlob" }, body: "cached bytes" });
  await call("FinalizeCacheEntryUpload", { key: "k", version, size_bytes: "12" });
  const found = await call("GetCacheEntryDownloadURL", { key: "k", restore_keys: [], version });
  console.log("cache: " + await (await fetch(found.signed_download_url)).text());
  const oidc = await fetch(process.env.ACTIONS_ID_TOKEN_REQUEST_URL + "&audience=harbour", { headers: { authorization: "Bearer " + process.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN } });
  const { value } = await oidc.json();
  console.log("token for " + JSON.parse(Buffer.from(value.split(".")[1], "base64url")).aud);
})();
`,
      },
    );
    const ran = await stage.run(["-P", `ubuntu-latest=${busybox}`, "-P", `other=${distroless}`]);
    expect(ran.code, saidOf(ran)).toBe(0);
    const makes = ran.job("makes").log;
    expect(makes).toContain("tracked ü\n");
    expect(makes).toContain("no git in the image\n");
    expect(makes).toContain("cache: cached bytes\n");
    expect(makes).toContain("token for harbour\n");
    expect(makes).toContain("post state\n");
    expect(ran.job("takes").log).toContain("tracked ü\ngrüße from node\n1001\n");
    expect(ran.job("own").log).toContain("tracked ü\n");
    expect(git(stage.repository, "status", "--porcelain")).toBe("");
    expect(await stage.leftovers(ran)).toEqual([]);
  });
});
