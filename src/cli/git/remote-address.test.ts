import { describe, expect, it } from "vitest";
import { remoteAddress } from "./remote-address.ts";

const github = { serverUrl: "https://github.com", owner: "team", name: "app" };

describe("remoteAddress", () => {
  it.each([
    ["https://github.com/team/app.git", github],
    ["https://github.com/team/app", github],
    ["https://ada:secret@github.com/team/app.git/", github],
    ["git@github.com:team/app.git", github],
    ["github.com:team/app", github],
    ["ssh://git@github.com:2222/team/app.git", github],
    ["git://github.com/team/app.git", github],
    [
      "http://localhost:3000/team/app.git",
      { serverUrl: "http://localhost:3000", owner: "team", name: "app" },
    ],
    [
      "https://gitlab.com/group/sub/app.git",
      { serverUrl: "https://gitlab.com", owner: "group/sub", name: "app" },
    ],
    ["git@host:app.git", { serverUrl: "https://host", owner: "local", name: "app" }],
    ["/srv/git/app.git", undefined],
    ["file:///srv/git/app.git", undefined],
    ["C:\\work\\app", undefined],
    ["../app", undefined],
    ["", undefined],
  ])("reads %s", (url, expected) => {
    expect(remoteAddress(url)).toEqual(expected);
  });
});
