import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import { describe, expect, it, onTestFinished } from "vitest";
import { openPlatform } from "./platform.fixture.ts";
import { JobClient } from "./services.fixture.ts";

describe("the services of a server", () => {
  it("refuse a job's tokens and addresses when its record has ended, at every server", async () => {
    const fixture = await openPlatform();
    const job = await fixture.client();
    await job.upload("a", "x");
    const { body } = await job.artifact("GetSignedArtifactURL", { name: "a" });
    await fixture.records.end(await fixture.claim("build-1"), "test");
    fixture.records.clock.advance(1000);
    for (let server = 0; server < 2; server++) {
      expect((await job.artifact("ListArtifacts")).status).toBe(401);
      expect((await fetch(String(body.signed_url))).status).toBe(403);
    }
  });

  it("give id tokens that the keys of either server check, with the server's address as issuer", async () => {
    const fixture = await openPlatform();
    const given = await fixture.servers[0].servicesFor(
      await fixture.job({ permissions: { "id-token": "write" } }),
    );
    const ask = async () => {
      const headers = { authorization: `Bearer ${given.idTokenRequestToken}` };
      const answer = await fetch(`${given.idTokenRequestUrl}&audience=sts.example.com`, { headers });
      return ((await answer.json()) as { value: string }).value;
    };
    const tokens = [await ask(), await ask()];
    const keys = [];
    for (let server = 0; server < 2; server++) {
      keys.push(await (await fetch(`${fixture.origin}/.well-known/jwks`)).json());
      await fetch(`${fixture.origin}/.well-known/openid-configuration`);
    }
    for (const token of tokens) {
      for (const jwks of keys) {
        const { payload } = await jwtVerify(token, createLocalJWKSet(jwks as never), {
          ...{ issuer: fixture.origin, audience: "sts.example.com" },
          currentDate: new Date(fixture.records.clock.now()),
        });
        expect(payload.sub).toBe("repo:acme/app:ref:refs/heads/main");
      }
    }
    const [key] = await fixture.keys("identity/");
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await fixture.blobs.get(key ?? "")).body) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toMatch(/^slw1\./);
  });

  it("close an idle connection soon, for clients that do not end before, and keep one in use", async () => {
    const { origin } = await openPlatform();
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const ask = async () => {
      const request = httpRequest(`${origin}/.well-known/openid-configuration`, { agent }).end();
      const [response] = await once(request, "response");
      response.resume();
      await once(response, "end");
      return request;
    };
    const { socket } = await ask();
    const again = await ask();
    expect(again.socket).toBe(socket);
    expect(socket?.destroyed).toBe(false);
    await expect.poll(() => socket?.destroyed, { timeout: 20_000 }).toBe(true);
  });

  it("leave other paths to others, untouched", async () => {
    const { origin } = await openPlatform();
    for (const path of [
      "/",
      "/api/v1/projects",
      "/twirpx/a",
      "/.well-known/other",
      "/git/p1.git/info/refs",
    ]) {
      expect([path, (await fetch(origin + path)).status]).toEqual([path, 418]);
    }
    expect((await fetch(`${origin}/_apis/pipelines/workflows/1/artifacts`)).status).toBe(404);
  });

  it("say where a job clones from, with a token for nothing else", async () => {
    const fixture = await openPlatform();
    const { url, token } = await fixture.servers[0].checkoutSource(await fixture.job(), "p1");
    expect(url).toBe(`${fixture.origin}/git/p1.git`);
    expect(decodeJwt(token).aud).toBe("slipway/git");
    const services = await fixture.servers[0].servicesFor(await fixture.job());
    const job = new JobClient({ ...services, runtimeToken: token });
    expect((await job.artifact("ListArtifacts")).status).toBe(401);
  });
});
