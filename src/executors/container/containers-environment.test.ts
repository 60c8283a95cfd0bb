import { expect, it } from "vitest";
import { containersEnvironment } from "./containers-environment.ts";

const silent = (text: string): never => expect.fail(text);

it("gives what its parent has of node's settings, and everything else as it is here", () => {
  const environ = "PATH=/of/parent\0NODE_OPTIONS=--require /a=b.js\0NODE_PATH=\0OTHER=x\0";
  const env = { SLIPWAY_BESIDE_INIT: "1", PATH: "/own" };
  const asked: number[] = [];
  const given = containersEnvironment({ env, ppid: 7, complain: silent }, (pid) => {
    asked.push(pid);
    return environ;
  });
  expect(given).toEqual({ ...env, NODE_OPTIONS: "--require /a=b.js", NODE_PATH: "" });
  expect(asked).toEqual([7]);
});

it("asks no parent that is not the kit's init", () => {
  const env = { NODE_OPTIONS: "--own" };
  expect(containersEnvironment({ env, ppid: 7, complain: silent }, () => expect.fail("asked"))).toBe(env);
});

it("says what is missing where the parent cannot be asked, and goes on", () => {
  const env = { SLIPWAY_BESIDE_INIT: "1", PATH: "/own" };
  const said: string[] = [];
  const given = containersEnvironment({ env, ppid: 7, complain: (text) => said.push(text) }, () => {
    throw new Error("EACCES: permission denied");
  });
  expect(given).toEqual(env);
  expect(said).toEqual([
    "Steps go without the container's settings of node (NODE_OPTIONS and the like): EACCES: permission denied",
  ]);
});
