import { expect, it } from "vitest";
import { repositoryName } from "./repository-name.ts";

it.each([
  ["acme/shop", "acme/shop"],
  ["shop", "local/shop"],
])("the project %s is the repository %s", (project, repository) => {
  expect(repositoryName(project)).toBe(repository);
});
