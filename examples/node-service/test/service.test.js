import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createService } from "../src/service.js";

const server = createService({ version: "test" });
let base = "";

before(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

test("a link that was added redirects to its address", async () => {
  const added = await fetch(`${base}/links`, { method: "POST", body: "https://example.org/page" });
  assert.equal(added.status, 201);
  const { name } = await added.json();
  const found = await fetch(`${base}/${name}`, { redirect: "manual" });
  assert.equal(found.status, 302);
  assert.equal(found.headers.get("location"), "https://example.org/page");
});

test("an unknown link is not found and a bad address is refused", async () => {
  assert.equal((await fetch(`${base}/nothing`)).status, 404);
  assert.equal((await fetch(`${base}/links`, { method: "POST", body: "nonsense" })).status, 400);
});
