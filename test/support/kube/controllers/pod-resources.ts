/** What a pod asks for: the sum of its containers and sidecars, or what its largest init container needs, if that is more. */
import type { Container, PodSpec } from "kubernetes-types/core/v1.js";
import { type Amounts, added, amounts, larger } from "./quantity.ts";

export function podResources(spec: PodSpec, which: "requests" | "limits"): Amounts {
  const of = ({ resources }: Container) => {
    const limits = amounts(resources?.limits);
    const asked = amounts(resources?.[which]);
    return which === "requests" ? { ...limits, ...asked } : asked;
  };
  let sidecars: Amounts = {};
  let most: Amounts = {};
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === "Always") sidecars = added(sidecars, of(container));
    else most = larger(most, added(sidecars, of(container)));
  }
  const running = spec.containers.map(of).reduce<Amounts>(added, sidecars);
  return added(larger(running, most), amounts(spec.overhead));
}
