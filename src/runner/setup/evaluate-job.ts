import type { Job } from "../job.ts";
import { evaluateText, evaluateTexts } from "../scope/evaluate-located.ts";

/** `env` and `defaults.run` of workflow and job: what is nearest wins, variable by variable. Throws `ExecError`. */
export function evaluateJobSettings(job: Job): void {
  for (const env of job.request.env) {
    for (const [name, value] of Object.entries(evaluateTexts(env, job.scope(), job.file))) {
      job.env.set(name, value);
    }
  }
  const scope = job.scope();
  for (const { shell, workingDirectory } of job.request.defaults) {
    const settings = { shell, workingDirectory };
    for (const name of ["shell", "workingDirectory"] as const) {
      const value = settings[name];
      const text = value === undefined ? "" : evaluateText(value, scope, job.file);
      if (text !== "") job.defaults[name] = text;
    }
  }
}
