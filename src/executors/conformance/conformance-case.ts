import type { Capability } from "./executor-under-test.ts";
import type { Trial } from "./trial.ts";

/** One promise of the contract, as a small job and a look at what came of it. */
export interface ConformanceCase {
  /** A sentence; unique. */
  readonly title: string;
  /** Absent: any place can do it. */
  readonly needs?: readonly Capability[];
  /** It mostly waits for limits to pass: run beside others like it. */
  readonly waits?: boolean;
  /** What is left of jobs is none of this case's concern, as it leaves some on purpose. Absent: nothing may be left. */
  readonly leaves?: boolean;
  readonly run: (trial: Trial) => Promise<void>;
}
