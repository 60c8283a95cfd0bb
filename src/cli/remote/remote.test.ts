import { createServer } from "node:net";
import { expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import { UsageError } from "../usage-error.ts";
import { Remote } from "./remote.ts";
import { problem, scriptedServer } from "./scripted-server.fixture.ts";

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

it("asks below /api/v1 with the token, a query of what is given, and a body as JSON", async () => {
  const { address, asked } = await scriptedServer(() => ({ ok: true }));
  const remote = new Remote({ address, token: "slw_x" });
  expect(await remote.get("/me", { query: { a: 1, b: undefined, c: "x y" } })).toEqual({ ok: true });
  await remote.send("PUT", "/api/v1/things/1", { body: { value: 2 } });
  expect(asked).toEqual([
    { method: "GET", path: "/api/v1/me?a=1&c=x+y", authorization: "Bearer slw_x", body: undefined },
    { method: "PUT", path: "/api/v1/things/1", authorization: "Bearer slw_x", body: { value: 2 } },
  ]);
});

it("takes an answer without a body", async () => {
  const { address } = await scriptedServer((_, response) => void response.writeHead(204).end());
  expect(await new Remote({ address, token: "x" }).send("DELETE", "/tokens/1")).toBeUndefined();
});

it("reads lists page by page, up to a limit", async () => {
  const pages: Record<string, unknown> = {
    first: { items: [1, 2], next: "second" },
    second: { items: [3, 4], next: "third" },
    third: { items: [5] },
  };
  const { address, asked } = await scriptedServer(
    ({ path }) => pages[new URL(path, "http://x").searchParams.get("cursor") ?? "first"],
  );
  const remote = new Remote({ address, token: "x" });
  expect(await remote.list("/things")).toEqual([1, 2, 3, 4, 5]);
  expect(asked.map(({ path }) => path)).toEqual([
    "/api/v1/things?limit=200",
    "/api/v1/things?limit=200&cursor=second",
    "/api/v1/things?limit=200&cursor=third",
  ]);
  expect(await remote.list("/things", {}, 3)).toEqual([1, 2, 3, 4]);
  expect(asked.at(-1)?.path).toBe("/api/v1/things?limit=1&cursor=second");
});

it.each([
  [422, { detail: "It has mistakes." }, "InvalidSpec", "It has mistakes."],
  [403, { detail: "No." }, "Forbidden", "No."],
  [404, { title: "Not there" }, "NotFound", "Not there"],
  [409, {}, "Conflict", "the server answered 409"],
  [503, { detail: "Later.", requestId: "r-1" }, "Transient", "Later. (request r-1)"],
  [500, { detail: "Broken.", requestId: "r-2" }, "Permanent", "Broken. (request r-2)"],
  [
    422,
    { detail: "Two mistakes.", errors: [{ field: "body.a", message: "wrong" }, { message: "also" }] },
    "InvalidSpec",
    "Two mistakes.\n  body.a: wrong\n  also",
  ],
  [
    422,
    { detail: "body.a: wrong", errors: [{ field: "body.a", message: "wrong" }] },
    "InvalidSpec",
    "body.a: wrong",
  ],
])("tells a problem of status %i in its words", async (status, body, code, message) => {
  const { address } = await scriptedServer((_, response) => problem(response, status, body));
  const error = await failure(new Remote({ address, token: "x" }).get("/me"));
  expect(error).toBeInstanceOf(ExecError);
  expect(error).toMatchObject({ code, message });
});

it("tells who is not known to log in, and what is no problem document by its status", async () => {
  const refused = await scriptedServer((_, response) => problem(response, 401, { detail: "Revoked." }));
  const error = await failure(new Remote({ address: refused.address, token: "x" }).open("/me"));
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({
    message: `${refused.address} does not take this token: Revoked.`,
    hint: `Log in again: slipway login ${refused.address}`,
  });
  const proxy = await scriptedServer((_, response) => void response.writeHead(502).end("<html>Bad gateway"));
  expect(await failure(new Remote({ address: proxy.address, token: "x" }).get("/me"))).toMatchObject({
    code: "Permanent",
    message: "the server answered 502",
  });
});

it("says why a server cannot be reached, and leaves a cancel a cancel", async () => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
  const { port } = gone.address() as { port: number };
  await new Promise((resolve) => gone.close(resolve));
  const remote = new Remote({ address: `http://127.0.0.1:${port}`, token: "x" });
  expect(await failure(remote.get("/me"))).toMatchObject({
    code: "Transient",
    message: `Cannot reach http://127.0.0.1:${port}: nobody listens there.`,
  });
  const cancelled = remote.get("/me", { signal: AbortSignal.abort(new Error("by the user")) });
  expect(await failure(cancelled)).toMatchObject({ message: "by the user" });
});
