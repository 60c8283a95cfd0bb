import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

async function main() {
  const url = process.env.INPUT_URL;
  const deadline = Date.now() + Number(process.env.INPUT_SECONDS) * 1000;
  while (Date.now() < deadline) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) {
      const body = (await response.text()).trim();
      console.log(`${url} answered: ${body}`);
      appendFileSync(process.env.GITHUB_OUTPUT, `body=${body}\n`);
      return;
    }
    await sleep(50);
  }
  console.log(`::error title=No answer::${url} did not answer within ${process.env.INPUT_SECONDS} s`);
  process.exitCode = 1;
}

await main();
