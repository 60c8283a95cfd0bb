import assert from "node:assert/strict";
import { test } from "node:test";
import { Links } from "../src/links.js";

test("the same address gets the same name", () => {
  const links = new Links();
  assert.equal(links.add("https://example.org/a"), links.add("https://example.org/a"));
  assert.equal(links.size, 1);
});

test("different addresses get different names", () => {
  const links = new Links();
  assert.notEqual(links.add("https://example.org/a"), links.add("https://example.org/b"));
});

test("only web addresses are taken", () => {
  assert.throws(() => new Links().add("file:///etc/passwd"), /Only http and https/);
  assert.throws(() => new Links().add("not an address"), /Invalid URL/);
});
