// What deploy/ names is there: settings, options, files. The images themselves are built where there is a registry.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseOptions } from "../src/cli/options/parse-options.ts";
import { SERVE } from "../src/cli/options/serve-options.ts";
import { readConfig } from "../src/config/read-config.ts";
import { SETTINGS } from "../src/config/settings.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: unknown;
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly string[];
}

const compose: { readonly services: Readonly<Record<string, Service>>; readonly volumes: object } = parse(
  read("deploy/compose.yaml"),
  { merge: true },
);
const own = Object.entries(compose.services).filter(([, { image }]) => image === "slipway");

/** `${NAME:?…}` and `${NAME:-…}` as a shell that has everything would put them in. */
const filled = (text: string) =>
  text.replace(/\$\{(\w+)(?::[?-]([^}]*))?\}/g, (_, name: string, other = "") =>
    name === "SLIPWAY_URL" ? other : "x",
  );

describe("the compose file", () => {
  it("has a server and two workers on PostgreSQL, RabbitMQ and S3", () => {
    expect(own.map(([name]) => name)).toEqual(["server", "worker-1", "worker-2"]);
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(["postgres", "rabbitmq", "s3"]));
  });

  it.each(own)("starts %s with settings that are sound together", (_, { command = [], environment = {} }) => {
    expect(command[0]).toBe("serve");
    const known = new Set<string>(Object.values(SETTINGS).flatMap(({ env }) => [...env]));
    for (const name of Object.keys(environment)) expect(known, name).toContain(name);
    const values: Readonly<Record<string, unknown>> = parseOptions(SERVE, command.slice(1)).values;
    const flags = Object.fromEntries(
      Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
    const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filled(value)]));
    expect(readConfig({ flags, env })).not.toHaveProperty("problems");
  });

  it("waits for services that it has, and says when they are healthy", () => {
    for (const [name, { depends_on = {} }] of Object.entries(compose.services)) {
      for (const other of Object.keys(depends_on))
        expect(Object.keys(compose.services), name).toContain(other);
    }
    for (const name of ["postgres", "rabbitmq", "s3"])
      expect(compose.services[name]?.healthcheck).toBeDefined();
  });

  it("declares its volumes", () => {
    const used = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.map((volume) => volume.split(":")[0]),
    );
    expect(Object.keys(compose.volumes).sort()).toEqual([...new Set(used)].sort());
  });

  it("takes no secret that example.env does not name", () => {
    const wanted = [...read("deploy/compose.yaml").matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name);
    for (const name of wanted) expect(read("deploy/example.env")).toMatch(new RegExp(`^${name}=$`, "m"));
  });
});

describe("the image", () => {
  const dockerfile = read("deploy/Dockerfile");

  it("copies only what is there", () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = ""]) =>
      names.split(" "),
    );
    expect(sources.length).toBeGreaterThan(0);
    for (const source of sources) expect(existsSync(join(root, source)), source).toBe(true);
  });

  it("sets only what is a setting", () => {
    const names = [...dockerfile.matchAll(/\b(SLIPWAY_\w+)=/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names)
      expect(Object.values(SETTINGS).flatMap(({ env }): readonly string[] => env)).toContain(name);
  });

  it("runs the Node this project is made for, as no root", () => {
    const { dependencies }: { dependencies: { node: string } } = JSON.parse(read("package.json"));
    expect(dockerfile).toContain(`FROM node:${dependencies.node.split(".")[0]}-`);
    expect(dockerfile).toMatch(/^USER slipway$/m);
  });
});
