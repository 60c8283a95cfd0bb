/** A worker that runs one job for ever, to be killed: `node dying-worker.fixture.ts <folder> <PATH> <script>`. */
import { build, hostIn, jobCalled, requestOf } from "./local-job-host.fixture.ts";

const [folder = "", path = "", script = ""] = process.argv.slice(2);
const host = hostIn(folder, path);
const environment = await host.jobEnvironment(build, jobCalled("job"));
const job = await host.executor.start(requestOf("job", script, environment), () => {});
await job.ended;
