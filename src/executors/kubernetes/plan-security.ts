import type { PodSecurityContext, SecurityContext } from "kubernetes-types/core/v1.js";
import type { RunnerClass } from "../../config/runner-classes.ts";
import type { ContainerOptions } from "./container-options.ts";

/** Who the kit's own containers are where no container may be root. */
const NOBODY = 65_532;

export function podSecurity({ template }: RunnerClass): PodSecurityContext {
  return { seccompProfile: { type: "RuntimeDefault" }, ...template?.spec?.securityContext };
}

/** Of a container with an image of the job's. */
export function containerSecurity(
  { template }: RunnerClass,
  { user, readOnly }: Pick<ContainerOptions, "user" | "readOnly">,
): SecurityContext {
  const { capabilities, readOnlyRootFilesystem, runAsNonRoot, runAsUser, runAsGroup } =
    template?.container?.securityContext ?? {};
  const uid = user?.uid ?? runAsUser;
  const gid = user?.gid ?? runAsGroup;
  return {
    allowPrivilegeEscalation: false,
    capabilities: {
      drop: ["ALL"],
      ...(capabilities?.add === undefined ? {} : { add: capabilities.add }),
    },
    ...(runAsNonRoot === undefined ? {} : { runAsNonRoot }),
    ...(uid === undefined ? {} : { runAsUser: uid }),
    ...(gid === undefined ? {} : { runAsGroup: gid }),
    ...(readOnly || readOnlyRootFilesystem === true ? { readOnlyRootFilesystem: true } : {}),
  };
}

/** Of a container that only runs what the kit brings. */
export function kitSecurity(
  runnerClass: RunnerClass,
  { user }: Pick<ContainerOptions, "user"> = {},
): SecurityContext {
  const { capabilities: _, ...own } = containerSecurity(runnerClass, {
    ...(user === undefined ? {} : { user }),
    readOnly: true,
  });
  return {
    ...own,
    capabilities: { drop: ["ALL"] },
    ...(own.runAsNonRoot === true && own.runAsUser === undefined ? { runAsUser: NOBODY } : {}),
  };
}
