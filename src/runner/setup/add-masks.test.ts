import { expect, it, test } from "vitest";
import type { JobRequest } from "../../protocol/job-request.ts";
import { Masker } from "../output/masker.ts";
import { addMasks } from "./add-masks.ts";

const SERVICES = {
  resultsUrl: "http://127.0.0.1/",
  cacheUrl: "http://127.0.0.1/",
  runtimeUrl: "http://127.0.0.1/",
  runtimeToken: "runtime-token-value",
  idTokenRequestUrl: "http://127.0.0.1/",
  idTokenRequestToken: "id-token-request-value",
};

/** Only what `addMasks` reads. */
const REQUEST = {
  contexts: {
    github: { token: "github-token-value" },
    secrets: { KEY: "secret-value", ACTIONS_STEP_DEBUG: "true" },
  },
  masks: ["mask-value"],
  services: SERVICES,
  actions: { token: "actions-token-value" },
  checkout: { source: { kind: "git", url: "https://git.example.org/x", token: "clone-token-value" } },
} as unknown as JobRequest;

const masker = new Masker();
addMasks(masker, REQUEST);

test.each([
  "secret-value",
  "mask-value",
  "github-token-value",
  "runtime-token-value",
  "id-token-request-value",
  "actions-token-value",
  "clone-token-value",
  Buffer.from("x-access-token:github-token-value").toString("base64"),
])("%s is hidden before the first step runs", (value) => {
  expect(masker.text(`<${value}>`)).toBe("<***>");
});

it("hides no switch: to hide `true` everywhere would help nobody", () => {
  expect(masker.text("true")).toBe("true");
});
