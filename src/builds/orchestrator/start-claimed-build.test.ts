import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestServer } from "./orchestrator.fixture.ts";

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.open();
});
afterEach(() => server.close());

const job = (run: string, more = "") =>
  `{ runs-on: ubuntu-latest, ${more} steps: [{ id: s, run: ${JSON.stringify(run)} }] }`;
const yaml = (jobs: { readonly [id: string]: string }, more = "") =>
  `on: push\n${more}\njobs:\n${Object.entries(jobs)
    .map(([id, text]) => `  ${id}: ${text}\n`)
    .join("")}`;

describe("a claimed build", () => {
  test("runs to its end in the records, with logs", async () => {
    const result = await server.run(yaml({ a: job("hello\\nexit 0") }));
    expect(result.status).toBe("succeeded");
    const [step] = result.steps;
    console.log(result.jobs, result.steps, await server.log(step?.id ?? ""));
    console.log(JSON.stringify(server.told, undefined, 1));
  });
});
