import { describe, expect, it } from "vitest";
import { projectFacts } from "./project-facts.ts";

describe("projectFacts", () => {
  it("gives plain defaults for a folder that is no repository", () => {
    expect(projectFacts(undefined, "/home/ada/my app", { userName: "ada" })).toMatchObject({
      owner: "local",
      name: "my app",
      branch: "main",
      sha: "0".repeat(40),
      actor: "ada",
      commits: [],
    });
  });

  it("names another server everywhere where it was asked for", () => {
    expect(projectFacts(undefined, "/x", { serverHost: "git.example.org" })).toMatchObject({
      serverUrl: "https://git.example.org",
      githubUrl: "https://git.example.org",
    });
  });
});
