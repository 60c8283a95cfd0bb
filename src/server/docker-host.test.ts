import { describe, expect, it } from "vitest";
import { kitSource, parseImages } from "./docker-host.ts";

describe("parseImages", () => {
  it("reads images by label, without regard to the label's case", () => {
    expect(parseImages(["Ubuntu-Latest=node:24", " big = reg.example:5000/a/b@sha256:0 ", "a=b=c"])).toEqual({
      "ubuntu-latest": "node:24",
      big: "reg.example:5000/a/b@sha256:0",
      "a=b": "c",
    });
  });

  it.each(["node:24", "=node", "gpu="])("refuses %j", (text) => {
    expect(() => parseImages([text])).toThrow(`docker.images: '${text}' is not of the form label=image.`);
  });
});

describe("kitSource", () => {
  it.each([
    ["/opt/kit", "/shipped", { kind: "folder", folder: "/opt/kit" }],
    ["mirror/runner:2", "/shipped", { kind: "image", reference: "mirror/runner:2" }],
    [undefined, "/shipped", { kind: "folder", folder: "/shipped" }],
    [undefined, undefined, { kind: "image", reference: "slipway/runner:1.2.3" }],
  ])("of the setting %j, with %j beside the program", (setting, shipped, source) => {
    expect(kitSource(setting, shipped, "1.2.3")).toEqual(source);
  });
});
