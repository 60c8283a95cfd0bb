import { expect } from "vitest";
import type { ConformanceCase } from "./conformance-case.ts";
import { expression, run } from "./steps.ts";
import type { Trial } from "./trial.ts";

/** A web server that says a word, and is there only after a while; healthy once it is. */
const server = (trial: Trial, word = "served") => ({
  image: trial.images.plain,
  entrypoint: "/bin/sh",
  command: `-c "mkdir -p /tmp/www; echo ${word} > /tmp/www/index.html; sleep 1; exec httpd -f -p 8080 -h /tmp/www"`,
  ports: ["8080"],
  options: `--health-cmd "wget -q -O /dev/null http://127.0.0.1:8080/" --health-interval 1s --health-retries 30`,
});

const fetched = (from: string) => run(`wget -q -O - "http://${from}/"`);

/** Services beside a job: reachable, healthy before the first step, their end told. */
export const serviceCases: readonly ConformanceCase[] = [
  {
    title: "has a service healthy before the first step, reachable by its name from a job in a container",
    needs: ["services", "images"],
    run: async (trial) => {
      const inImage = trial.inImage(trial.images.plain);
      await trial.run([fetched("web:8080")], trial.withServices({ web: server(trial) }, inImage));
      expect(trial.said.printed()).toBe("served\n");
    },
  },
  {
    title:
      "has a service reachable on localhost, by the port of `job.services`, from a job without a container of its own",
    needs: ["services", "images"],
    run: async (trial) => {
      const port = expression("format('wget -q -O - http://localhost:{0}/', job.services.web.ports['8080'])");
      await trial.run([run(port)], trial.withServices({ web: server(trial) }));
      expect(trial.said.printed()).toBe("served\n");
    },
  },
  {
    title: "has two services beside each other, each with its own environment",
    needs: ["services", "images"],
    run: async (trial) => {
      const one = { ...server(trial, "$WORD"), env: { WORD: "first-ü" } };
      const two = {
        ...server(trial, "$WORD"),
        env: { WORD: "second" },
        command: server(trial, "$WORD").command.replaceAll("8080", "8081"),
        options: server(trial).options.replaceAll("8080", "8081"),
        ports: ["8081"],
      };
      const inImage = trial.inImage(trial.images.plain);
      await trial.run([fetched("one:8080"), fetched("two:8081")], trial.withServices({ one, two }, inImage));
      expect([trial.said.printed(0), trial.said.printed(1)]).toEqual(["first-ü\n", "second\n"]);
    },
  },
  {
    title: "tells the log of a service that does not become healthy, and runs no step",
    needs: ["services", "images"],
    run: async (trial) => {
      const broken = {
        ...server(trial),
        command: `-c "echo no-database-here-ü; exit 3"`,
        options: `--health-cmd "false" --health-interval 1s --health-retries 2`,
      };
      const inImage = trial.inImage(trial.images.plain);
      const ended = await trial
        .start([run("echo never")], trial.withServices({ broken }, inImage))
        .then(async (job) => {
          const end = await job.ended;
          return end.kind === "lost" ? end.error.message : `${end.final.result}: ${end.final.error}`;
        })
        .catch((error: unknown) => String(error));
      expect(ended).not.toMatch(/^success/);
      expect(`${ended}\n${trial.said.everything()}`).toContain("no-database-here-ü");
      expect(`${ended}\n${trial.said.everything()}`).toContain("broken");
      expect(trial.said.text()).not.toContain("never\n");
    },
  },
  {
    title: "ends services with their job, also one that is killed",
    needs: ["services", "images"],
    run: async (trial) => {
      const marker = trial.marker();
      const web = { ...server(trial), env: { CONFORMANCE_MARKER: marker } };
      const inImage = trial.inImage(trial.images.plain);
      const job = await trial.start(
        [run("echo ready; while :; do sleep 0.1; done")],
        trial.withServices({ web }, inImage),
      );
      await trial.said.until("ready\n");
      expect(await trial.place.isAlive(marker)).toBe(true);
      job.kill();
      await job.ended;
      expect(await trial.place.isAlive(marker)).toBe(false);
    },
  },
];
