import { ExecError } from "../../errors.ts";

/** What has to stand in a pod before the job starts cannot be built in it. */
export function cannotBuild(uses: string, place = ""): ExecError {
  const where = place === "" ? "" : `${place}: `;
  return new ExecError(
    "InvalidSpec",
    `${where}'${uses}' is built from a Dockerfile, which cannot be done in this job's pod. Publish its image and have the ` +
      "action name it as `image: docker://…`, or run the job by the docker executor.",
  );
}
