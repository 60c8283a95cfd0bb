const MAX_LENGTH = 100;

/**
 * The name of a matrix leg, as GitHub shows it: the job's name and the leg's suffix, at most 100 characters. Only for
 * jobs whose `name` does not tell the legs apart itself, that is, has no expression.
 */
export function legName(jobName: string, suffix: string): string {
  const name = suffix === "" ? jobName : `${jobName} ${suffix}`;
  return name.length > MAX_LENGTH ? `${name.slice(0, MAX_LENGTH - 3)}...` : name;
}
