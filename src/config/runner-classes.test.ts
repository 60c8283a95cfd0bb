import { expect, it } from "vitest";
import { readRunnerClasses } from "./runner-classes.ts";

const DEFAULTS = { namespace: "jobs", kitImage: "slipway/runner:1" };
const read = (text: string) => readRunnerClasses("classes.yaml", text, DEFAULTS);

it("gives a class what it does not say itself: first from the file's defaults, then the program's", () => {
  const [small, big] = read(`
defaults:
  image: debian:12
  template: { spec: { nodeSelector: { pool: ci }, serviceAccountName: builder } }
  workspace: { kind: emptyDir, sizeLimit: 5Gi }
classes:
  - { name: small, labels: [ubuntu-latest] }
  - name: big
    labels: [big]
    unschedulableTimeout: 1h
    workspace: { kind: ephemeral, size: 100Gi }
    template: { spec: { nodeSelector: { size: big } } }
`);
  expect(small).toMatchObject({
    namespace: "jobs",
    image: "debian:12",
    kit: { image: "slipway/runner:1", mount: "copy" },
    unschedulableTimeout: 600_000,
  });
  expect(big).toMatchObject({
    unschedulableTimeout: 3_600_000,
    workspace: { kind: "ephemeral", size: "100Gi" },
  });
  expect(big?.workspace).not.toHaveProperty("sizeLimit");
  expect(big?.template?.spec).toEqual({
    nodeSelector: { pool: "ci", size: "big" },
    serviceAccountName: "builder",
  });
});

it.each([
  ["a word it does not know", "classes: [{ name: a, labels: [x], privileged: true }]", /privileged/],
  [
    "privileges",
    "classes: [{ name: a, labels: [x], template: { container: { securityContext: { privileged: true } } } }]",
    /classes\.0\.template\.container\.securityContext.*privileged/,
  ],
  [
    "no quantity",
    "classes: [{ name: a, labels: [x], resources: { limits: { memory: lots } } }]",
    /resources\.limits\.memory: expected a quantity/,
  ],
  ["no label", "classes: [{ name: a, labels: [] }]", /classes\.0\.labels/],
  ["no class", "classes: []", /classes/],
  [
    "one name twice",
    "classes: [{ name: a, labels: [x] }, { name: a, labels: [y] }]",
    /two classes are called 'a'/,
  ],
  [
    "an unknown part of a namespace",
    "classes: [{ name: a, labels: [x], namespace: 'ci-{team}' }]",
    /only \{project\} is known/,
  ],
  ["no YAML", "classes: [", /classes\.yaml:1: this is not valid YAML/],
])("refuses %s, and says where", (_what, text, words) => {
  expect(() => read(text)).toThrow(words);
});
