import { expect, test } from "vitest";
import { systemClock } from "../../clock.ts";
import { startInProcess } from "../local/in-process-job.ts";
import { hostPlace } from "./host-place.ts";
import { Recording } from "./recording.ts";
import { ServedRepositories } from "./served-repositories.ts";
import { run, uses } from "./steps.ts";

test("a job without a folder of the test's checks out, and has its actions, over HTTP", async () => {
  const [place, served] = [hostPlace(), await ServedRepositories.open()];
  const said = new Recording();
  try {
    const request = {
      ...place.request("job"),
      checkout: await served.checkout({ "read.me": "from afar\n" }),
      ...(await served.publishAction("some/action@v1", {
        "action.yml": "name: a\ndescription: a\nruns: {using: node20, main: main.js}\n",
        "main.js": `console.log("served " + "action")`,
      })),
      steps: [uses("actions/checkout@v4"), run("cat read.me"), uses("some/action@v1")],
    };
    const job = startInProcess(request, said.sink, { clock: systemClock });
    expect(await job.ended).toMatchObject({ kind: "reported", final: { result: "success" } });
    expect(said.printed(1)).toBe("from afar\n");
    expect(said.text()).toContain("served action\n");
  } finally {
    await served.close();
    await place.close();
  }
});
