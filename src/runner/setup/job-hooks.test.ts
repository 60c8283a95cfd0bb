import { expect, test } from "vitest";
import { jobOf, recordJob } from "../testing/record-job.ts";

async function withHooks(started: string, completed: string) {
  const steps = '- name: step\n  working-directory: .\n  run: echo "step sees $FROM_HOOK"';
  return await recordJob(jobOf(steps, "defaults: { run: { working-directory: nowhere } }"), {
    files: { "../it's a hook.sh": started, "../completed.sh": completed },
    before(request) {
      const folder = `${request.directories.workspace}/..`;
      Object.assign(request, {
        baseEnv: {
          ...request.baseEnv,
          ACTIONS_RUNNER_HOOK_JOB_STARTED: `${folder}/it's a hook.sh`,
          ACTIONS_RUNNER_HOOK_JOB_COMPLETED: `${folder}/completed.sh`,
        },
      });
    },
  });
}

test("the machine's hooks run before the first and after the last step, and may set the environment", async () => {
  const job = await withHooks('echo "FROM_HOOK=hooked" >> "$GITHUB_ENV"; echo begun', "echo over");
  expect(job.ends, job.log).toEqual(["Set up runner: success", "step: success", "Complete runner: success"]);
  expect(job.printed).toMatch(/begun\n[\s\S]*step sees hooked\n[\s\S]*over\n/);
});

test("a hook that fails fails the job, and the completed hook still runs", async () => {
  const job = await withHooks("exit 3", "echo over");
  expect(job.ends).toEqual(["Set up runner: failure", "step: skipped", "Complete runner: success"]);
  expect(job.finished?.result).toBe("failure");
});

test("a pipeline cannot name a hook", async () => {
  const job = await recordJob(
    jobOf("- name: step\n  run: 'true'", "env: { ACTIONS_RUNNER_HOOK_JOB_COMPLETED: /bin/false }"),
  );
  expect(job.ends).toEqual(["step: success"]);
});
