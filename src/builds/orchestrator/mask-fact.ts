import type { BuildFact } from "../build-fact.ts";
import { maskTexts } from "./mask-change.ts";

/** The same fact with secrets hidden in what programs said: the machine, and what it passes on, sees no other. */
export function maskFact(fact: BuildFact, mask: (text: string) => string): BuildFact {
  switch (fact.kind) {
    case "job-ended": {
      const { error, reason, environmentUrl } = fact;
      return {
        ...fact,
        outputs: maskTexts(fact.outputs, mask),
        ...(error === undefined ? {} : { error: mask(error) }),
        ...(reason === undefined ? {} : { reason: mask(reason) }),
        ...(environmentUrl === undefined ? {} : { environmentUrl: mask(environmentUrl) }),
      };
    }
    case "workflow-failed":
      return { ...fact, message: mask(fact.message) };
    case "cancelled":
    case "killed":
    case "group-cancelled":
      return { ...fact, reason: mask(fact.reason) };
    case "started":
    case "group-granted":
    case "workflow-loaded":
      return fact;
  }
}
