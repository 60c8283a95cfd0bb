/**
 * What every executor promises, as tests: the same jobs, the same frames, the same end, wherever a runner is placed.
 * Each case is one small job; what is looked at is only what the job says and what is left behind.
 */
import { describe, expect, it } from "vitest";
import { CONFORMANCE_CASES } from "./conformance/all-cases.ts";
import type { ConformanceCase } from "./conformance/conformance-case.ts";
import {
  CAPABILITIES,
  type Capability,
  type ExecutorUnderTest,
  type Skips,
} from "./conformance/executor-under-test.ts";
import { REFUSED_WITHOUT } from "./conformance/refusals.ts";
import { uses } from "./conformance/steps.ts";
import type { Trial } from "./conformance/trial.ts";
import { tryOut } from "./conformance/try-out.ts";

export type { ExecutorUnderTest, Skips } from "./conformance/executor-under-test.ts";

export interface ConformanceOptions {
  /** Absent: the place can do everything. */
  readonly skips?: Skips;
  /** How long a case may take, in milliseconds. Absent: 60 seconds. */
  readonly caseTimeoutMs?: number;
  /** Cases run beside each other: for places where a job mostly waits for its turn. */
  readonly atOnce?: boolean;
}

/** `open` is called for each case. */
export function describeExecutor(
  name: string,
  open: () => Promise<ExecutorUnderTest>,
  { skips = {}, caseTimeoutMs = 60_000, atOnce = false }: ConformanceOptions = {},
): void {
  describe(`the ${name} executor`, { timeout: caseTimeoutMs }, () => {
    const all = Object.values(CONFORMANCE_CASES).flat();
    const isLeftOut = ({ title, needs = [] }: ConformanceCase) =>
      [title, ...needs].some((each) => skips[each] !== undefined);

    for (const [theme, cases] of Object.entries(CONFORMANCE_CASES)) {
      const here = cases.filter((each) => !isLeftOut(each) && each.waits !== true);
      if (here.length === 0) continue;
      const group = atOnce ? describe.concurrent : describe;
      group(theme, () => {
        for (const { title, run } of here) it(title, () => tryOut(open, run));
      });
    }
    const waiting = all.filter((each) => !isLeftOut(each) && each.waits === true);
    describe.concurrent("with limits that pass", () => {
      for (const { title, run } of waiting) it(title, () => tryOut(open, run));
    });

    describe("documented exceptions", () => {
      for (const [key, reason = ""] of Object.entries(skips)) {
        const cases = all.filter(({ title, needs = [] }) => [title, ...needs].includes(key));
        it(`${key}: ${reason} (cases left out: ${cases.length})`, () =>
          tryOut(open, async (trial) => {
            expect(reason).toMatch(/\w+ \w+/);
            if (isCapability(key)) await expectMissing(trial, key);
            else expect(cases.map(({ title }) => title)).toEqual([key]);
          }));
      }
      it("leave out nothing that is not told", () =>
        tryOut(open, async ({ place }) => {
          const silent = Object.keys(CAPABILITIES)
            .filter(isCapability)
            .filter((capability) => skips[capability] === undefined && !CAPABILITIES[capability](place));
          expect(silent).toEqual([]);
          expect(new Set(all.map(({ title }) => title)).size).toBe(all.length);
        }));
    });
  });
}

/** What a place lacks it does not offer, and refuses with words where a job asks for it. */
async function expectMissing(trial: Trial, capability: Capability): Promise<void> {
  const { place } = trial;
  const { executor } = place;
  const hasPart = CAPABILITIES[capability](place);
  const needs = REFUSED_WITHOUT[capability];
  if (needs !== undefined) {
    const { labels = [] } = place.request("job").placement ?? {};
    const asked = { labels, container: false, services: false, ...needs };
    expect(executor.refuses(asked)).toMatch(/\w+ \w+/);
  } else if (capability === "another worker") {
    expect(executor.jobsOutliveIt ?? false).toBe(false);
    expect([hasPart, executor.sweep]).toEqual([false, undefined]);
  } else if (capability === "step containers") {
    expect((await trial.run([uses("docker://any-image")])).result).toBe("failure");
    expect(trial.said.everything()).toMatch(/docker/i);
  } else if (capability !== "host environment" && capability !== "image builds") {
    expect(hasPart).toBe(false);
  }
}

function isCapability(key: string): key is Capability {
  return key in CAPABILITIES;
}
