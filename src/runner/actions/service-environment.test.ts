import { describe, expect, it } from "vitest";
import { proxyExemption } from "./service-environment.ts";

const both = (value: string) => ({ NO_PROXY: value, no_proxy: value });

describe("proxyExemption", () => {
  it.each<[Record<string, string>, Record<string, string>]>([
    [{}, {}],
    [{ http_proxy: "" }, {}],
    [{ http_proxy: "http://p" }, both("127.0.0.1")],
    [{ HTTPS_PROXY: "http://p", NO_PROXY: "a.example" }, both("a.example,127.0.0.1")],
    [{ ALL_PROXY: "http://p", no_proxy: "a, b," }, both("a, b,127.0.0.1")],
    [{ http_proxy: "http://p", no_proxy: "127.0.0.1" }, {}],
    [{ http_proxy: "http://p", no_proxy: "*" }, {}],
  ])("for %j adds %j", (env, added) => {
    expect(proxyExemption(env)).toEqual(added);
  });
});
