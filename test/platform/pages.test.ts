// What a person sees who opens the link that a server prints at its first start, in a real browser.
import { mkdirSync, writeFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ApiProject } from "../support/api-project.ts";
import { openBrowser } from "../support/browser.ts";
import { embeddedPlatform, type Platform } from "../support/platform.ts";
import { waitFor } from "../support/server.ts";
import { FILES } from "./path-repository.ts";

const LIMIT_MS = 120_000;

const LEGS = `name: legs
on:
  workflow_dispatch:
    inputs:
      gate:
        required: true
jobs:
  leg:
    strategy:
      matrix:
        name: [x]
    runs-on: ubuntu-latest
    steps:
      - run: for i in $(seq 2400); do test -e "\${{ inputs.gate }}" && break; sleep 0.05; done
`;

let platform: Platform;
let browser: Browser;
let project: ApiProject;
beforeAll(async () => {
  platform = await embeddedPlatform({ env: { SLIPWAY_STOP_TIMEOUT: "1s" } });
  project = await ApiProject.add(
    () => platform.api,
    "acme/shop",
    platform.box.repository("shop", { ...FILES, ".workflows/legs.yml": LEGS }),
  );
  browser = await openBrowser();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await platform.stop();
}, 60_000);

/** For people who work on the pages: SLIPWAY_TEST_PICTURES names a folder for what the browser showed. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SLIPWAY_TEST_PICTURES;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

it(
  "opens the link once, shows the project, its builds, and a log that goes on by itself",
  async () => {
    const mistakes: string[] = [];
    const context = await browser.newContext({ viewport: { width: 1100, height: 800 } });
    const page = await context.newPage();
    page.on("pageerror", (error) => mistakes.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") mistakes.push(message.text());
    });
    const done = await project.run("flaky", { inputs: { gate: platform.box.join("nothing") } });
    const gate = platform.box.join("pages-gate");
    const { id, number } = await project.start("loud", { inputs: { gate } });

    await page.goto(platform.api.loginLink);
    await page.waitForSelector("text=acme/shop");
    expect(new URL(page.url()).pathname).toBe("/");
    expect(page.url()).not.toContain("code");
    await picture(page, "1-start");
    await page.click("h2 >> text=acme/shop");
    await page.waitForSelector("text=Last builds");
    await picture(page, "2-project");
    await page.click(`a:has-text("#${number} ")`);
    const state = page.locator("#state");
    await waitFor(async () => (await state.textContent())?.includes("running") === true);
    const step = page.locator("details", { hasText: "Speak" });
    await step.waitFor();
    if ((await step.getAttribute("open")) === null) await step.locator("summary").click();
    const log = step.locator("pre");
    await waitFor(async () => (await log.textContent())?.includes("line 5") === true);
    expect(await log.textContent()).not.toMatch(/^the end$/m);
    await picture(page, "3-running");

    writeFileSync(gate, "");
    await waitFor(async () => (await state.textContent())?.includes("succeeded") === true, 60_000);
    await waitFor(async () => /^the end$/m.test((await log.textContent()) ?? ""));
    expect(await log.textContent()).not.toContain("\u001b");
    await picture(page, "4-ended");
    await page.goto(`${platform.api.address}/builds/${done.id}`);
    await page.locator("summary", { hasText: "bad ran" }).click();
    await waitFor(async () =>
      /^bad ran in attempt 1$/m.test((await page.locator("pre").allTextContents()).join("\n")),
    );
    await picture(page, "5-failed");
    await page.setViewportSize({ width: 390, height: 800 });
    const width = await page.evaluate("document.documentElement.scrollWidth");
    expect(width).toBeLessThanOrEqual(390);
    await picture(page, "6-narrow");
    expect(mistakes).toEqual([]);
    expect((await project.build(id)).status).toBe("succeeded");

    const stranger = await browser.newContext();
    const second = await stranger.newPage();
    const used = await second.goto(platform.api.loginLink);
    expect(used?.status()).toBe(401);
    expect(await second.textContent("body")).toContain("used already");
    await picture(second, "7-used-link");
    expect((await second.goto(`${platform.api.address}/builds/${id}`))?.status()).toBe(401);
    await picture(second, "8-no-session");
    await Promise.all([context.close(), stranger.close()]);
  },
  LIMIT_MS,
);

it(
  "stays as it is while the leg of a matrix runs: what stands for all legs is not drawn, and not missed",
  async () => {
    const gate = platform.box.join("legs-gate");
    const { id } = await project.start("legs", { inputs: { gate } });
    await waitFor(async () => (await project.build(id)).status === "running");
    const page = await browser.newPage({
      extraHTTPHeaders: { authorization: `Bearer ${platform.api.token}` },
    });
    let drawn = 0;
    page.on("load", () => {
      drawn += 1;
    });
    await page.goto(`${platform.api.address}/builds/${id}`);
    await page.locator("summary", { hasText: "Run for i in" }).waitFor();
    // Until the gate opens nothing more begins: there is nothing to draw anew.
    const before = drawn;
    await page.waitForTimeout(2_000);
    expect(drawn).toBe(before);
    writeFileSync(gate, "");
    await waitFor(async () => (await page.locator("#state").textContent())?.includes("succeeded") === true);
    await page.close();
  },
  LIMIT_MS,
);

it(
  "shows the reference of the API, made of the document that the server serves",
  async () => {
    const page = await browser.newPage();
    await page.goto(`${platform.api.address}/api/docs`);
    await page.waitForSelector('text="/projects/{project}/pipelines"');
    await picture(page, "9-reference");
    await page.close();
  },
  LIMIT_MS,
);
