// `services:` of jobs in containers and of jobs whose label stands for an image.
import { describe, expect, it } from "vitest";
import { testDocker } from "../support/docker.ts";
import { loadImage } from "../support/images/load-image.ts";
import { RunStage, saidOf } from "./run-stage.fixture.ts";

const { client } = await testDocker();
const busybox = await loadImage(client, "busybox");
const serving = await loadImage(client, "busybox", {
  files: [
    {
      path: "serve",
      type: "file",
      mode: 0o755,
      content:
        '#!/bin/sh\nmkdir -p /www; echo "${WORD:-no word} $*" > /www/index.html\necho serving "$WORD"; exec httpd -f -p 8080 -h /www\n',
    },
  ],
  entrypoint: ["/serve"],
  cmd: ["by default"],
  exposedPorts: ["8080/tcp"],
});
const HEALTH = `--health-cmd "wget -q -O /dev/null http://127.0.0.1:8080/" --health-interval 1s --health-retries 60`;
const onBox = ["-P", `ubuntu-latest=${busybox}`];

describe("services:", () => {
  it("are healthy before the first step, found by id and alias from container:, on localhost from others", async () => {
    using stage = await RunStage.open(`on: push
jobs:
  inside:
    runs-on: ubuntu-latest
    container: ${busybox}
    services:
      web:
        image: ${serving}
        env: { WORD: 'grüße \${{ github.job }}' }
        options: ${HEALTH} --network-alias other-name
      told:
        image: ${serving}
        entrypoint: /bin/sh
        command: -c "mkdir /w; echo 'own command' > /w/index.html; exec httpd -f -p 9090 -h /w"
      none: { image: '\${{ false || '''' }}' }
    steps:
      - run: |
          wget -q -O - http://web:8080/
          wget -q -O - http://other-name:8080/
          until wget -q -O - http://told:9090/; do sleep 0.1; done
          echo "service \${{ job.services.web.id != '' }} \${{ job.services.web.network == job.container.network }}"
  beside:
    runs-on: ubuntu-latest
    services:
      web:
        image: ${serving}
        env: { WORD: beside }
        ports: ['8080', '45678:8080']
        options: ${HEALTH}
    steps:
      - run: |
          echo "port \${{ job.services.web.ports['8080'] }}"
          wget -q -O - "http://localhost:\${{ job.services.web.ports['8080'] }}/"
          wget -q -O - http://localhost:45678/
          wget -q -O - http://127.0.0.1:45678/
`);
    const ran = await stage.run(onBox);
    expect(ran.code, saidOf(ran)).toBe(0);
    const word = "grüße inside by default\n";
    expect(ran.job("inside").log).toContain(`${word}${word}own command\nservice true true\n`);
    expect(ran.job("beside").log).toMatch(/port \d+\n(beside by default\n){3}/);
    expect(ran.stdout).toMatch(/Service 'web' is healthy/);
    expect(await stage.leftovers(ran)).toEqual([]);
  });

  it("that do not become healthy fail the job before its steps, and show what they printed", async () => {
    using stage = await RunStage.open(`on: push
jobs:
  waits:
    runs-on: ubuntu-latest
    services:
      broken:
        image: ${busybox}
        entrypoint: sh
        command: -c "echo the harbour is closed ü; exit 3"
        options: --health-cmd true --health-interval 1s
    steps: [{ run: echo never }]
  sick:
    runs-on: ubuntu-latest
    container: ${busybox}
    services:
      ill:
        image: ${busybox}
        entrypoint: sh
        command: -c "echo I feel ill; exec sleep 600"
        options: --health-cmd "echo no pulse; exit 1" --health-interval 1s --health-retries 1
    steps: [{ run: echo never }]
`);
    const ran = await stage.run(onBox);
    expect(ran.code).toBe(1);
    const [waits, sick] = [ran.job("waits"), ran.job("sick")];
    expect(waits.error).toMatch(/service 'broken' .* ended with exit code 3 before it was healthy/);
    expect(sick.error).toMatch(/service 'ill' .* is not healthy.*no pulse/);
    const said = saidOf(ran) + ran.stdout;
    expect(said).toContain("the harbour is closed ü");
    expect(said).toContain("I feel ill");
    expect(waits.log + sick.log).not.toContain("never\n");
    expect(await stage.leftovers(ran)).toEqual([]);
  });

  it("that need more memory than they may have are told of as such", async () => {
    using stage = await RunStage.open(`on: push
jobs:
  hungry:
    runs-on: ubuntu-latest
    services:
      eats:
        image: ${busybox}
        entrypoint: sh
        command: -c "exec tail /dev/zero"
        options: --memory 16m --health-cmd false --health-interval 1s
    steps: [{ run: echo never }]
`);
    const ran = await stage.run(onBox);
    expect(ran.job("hungry").error).toMatch(/service 'eats' .*ran out of memory/);
  });
});
