// Jobs in containers, by `container:` and by `--platform`, run by the built program on a real daemon.
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { testDocker } from "../support/docker.ts";
import { loadImage } from "../support/images/load-image.ts";
import { printed, RunStage, saidOf } from "./run-stage.fixture.ts";

const { client } = await testDocker();
const [glibc, busybox, nonRoot] = await Promise.all([
  loadImage(client, "glibc"),
  loadImage(client, "busybox"),
  loadImage(client, "busybox", { user: "1001:1001", env: { HOME: "/nowhere" } }),
]);
const inGlibc = ["-P", `ubuntu-latest=${glibc}`];

describe("a label that stands for an image", () => {
  it("has its jobs run in it, side by side with others: its tools, its environment, its shell", async () => {
    using stage = await RunStage.open(`on: push
jobs:
  gnu:
    runs-on: ubuntu-latest
    outputs: { said: '\${{ steps.says.outputs.said }}' }
    steps:
      - run: tool-of-image; echo "$IMAGE_NAME $HOME $LANG $0 $PWD"
      - id: says
        shell: bash
        run: |
          set -o | grep pipefail
          echo "said=grüße 😀 $RUNNER_OS" >> "$GITHUB_OUTPUT"
      - run: echo "\${{ runner.os }}, \${{ job.container.id }}."; test ! -e /var/run/docker.sock
  small:
    runs-on: box
    needs: gnu
    steps:
      - run: echo "$IMAGE_NAME got \${{ needs.gnu.outputs.said }}"; command -v bash || echo no bash
  own:
    runs-on: ubuntu-latest
    container: ${busybox}
    steps:
      - run: echo "own $IMAGE_NAME"; test -n "\${{ job.container.id }}"; test -n "\${{ job.container.network }}"
`);
    const ran = await stage.run([...inGlibc, "-P", `box=${busybox}`]);
    expect(ran.code, saidOf(ran)).toBe(0);
    expect(ran.job("gnu").log).toContain("tool of the image\nglibc /home/builder C.UTF-8 ");
    expect(ran.job("gnu").log).toMatch(/pipefail\s+on/);
    expect(ran.job("gnu").outputs).toEqual({ said: "grüße 😀 Linux" });
    expect(ran.job("small").log).toContain("busybox got grüße 😀 Linux\nno bash\n");
    expect(ran.job("own").log).toContain("own busybox\n");
    expect(await stage.leftovers(ran)).toEqual([]);
  });

  it("keeps a log of a million bytes and more as it was printed", async () => {
    using stage = await RunStage.open(`on: push
jobs:
  much:
    runs-on: ubuntu-latest
    steps:
      - name: print
        run: seq 1 200000; printf 'no line end ü😀'
`);
    const ran = await stage.run(inGlibc);
    expect(ran.code, saidOf(ran)).toBe(0);
    const numbers = Array.from({ length: 200_000 }, (_, at) => `${at + 1}\n`).join("");
    const log = printed(ran.job("much"), "print");
    expect(
      log.slice(log.indexOf("\n1\n2\n") + 1) === `${numbers}no line end ü😀\n` ||
        log.endsWith(`${numbers}no line end ü😀`),
    ).toBe(true);
  });
});

describe("container:", () => {
  it("honours env, volumes, options and a user; what is read-only stays so", async () => {
    using stage = await RunStage.open(`on: push
env: { WORD: workflow }
jobs:
  all:
    runs-on: ubuntu-latest
    container:
      image: ${busybox}
      env: { FIRST: 'one \${{ github.job }}', WORD: container }
      volumes: ['\${{ vars.FOLDER }}:/given', 'kept:/kept', '/fresh']
      options: --cpus 1 --memory 128m --pids-limit 200 --hostname harbour --add-host example.test:10.1.2.3 --ulimit nofile=1000:1000 --label "mine=a b"
    steps:
      - run: |
          echo "$FIRST $WORD $(hostname)"
          grep example.test /etc/hosts
          ulimit -n
          cat /given/word; echo back > /given/answer
          touch /kept/x /fresh/x
          cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null || true
      - run: echo "$WORD"
        env: { WORD: step }
  sealed:
    runs-on: ubuntu-latest
    container: { image: ${glibc}, options: --read-only --user 1001 }
    steps:
      - run: |
          id -u
          (echo x > /usr/x) 2>&1 || echo sealed
          echo ok > in-workspace; echo "E=carried" >> "$GITHUB_ENV"
      - run: cat in-workspace; echo "$E"; echo x > "$HOME/x"
  user:
    runs-on: ubuntu-latest
    container: ${nonRoot}
    steps:
      - run: id -u; echo x > made; test "$HOME" != /nowhere && echo x > "$HOME/made"
`);
    const folder = stage.box.join("given");
    mkdirSync(folder, { mode: 0o777 });
    writeFileSync(stage.box.join("given/word"), "of the host\n");
    const ran = await stage.run(["--var", `FOLDER=${folder}`]);
    expect(ran.code, saidOf(ran)).toBe(0);
    const all = ran.job("all").log;
    expect(all).toContain("one all workflow harbour\n10.1.2.3\texample.test\n1000\nof the host\n");
    expect(all).toContain(`${128 * 1024 ** 2}\n`);
    expect(all).toContain("step\n");
    expect(statSync(stage.box.join("given/answer")).isFile()).toBe(true);
    expect(ran.job("sealed").log).toMatch(/1001\n.*[Rr]ead-only file system\nsealed\n/s);
    expect(ran.job("sealed").log).toContain("ok\ncarried\n");
    expect(ran.job("user").log).toContain("1001\n");
    expect(await stage.leftovers(ran)).toEqual([]);
  });

  it("says what ran out of memory, with the limit, and what 137 means", async () => {
    using stage = await RunStage.open(`on: push
jobs:
  hungry:
    runs-on: ubuntu-latest
    container: { image: ${glibc}, options: --memory 96m }
    steps:
      - name: eats
        run: |
          eat() { local all="" more; more=$(printf '%01000000d' 0); while :; do all="$all$all$more"; done; }
          bash -c "$(declare -f eat); eat"
        shell: bash
      - run: echo goes on
        if: always()
`);
    const ran = await stage.run();
    expect(ran.code).toBe(1);
    const { log, steps } = ran.job("hungry");
    const eats = [...steps.values()].find(({ name }) => name === "eats");
    expect(eats?.exitCode, saidOf(ran)).toBe(137);
    expect(`${ran.stdout}${ran.stderr}`).toMatch(/ran out of memory \(limit 96 M/);
    expect(log).toContain("goes on\n");
    expect(await stage.leftovers(ran)).toEqual([]);
  });

  it.each([
    ["--privileged=maybe-not --frobnicate", "'--frobnicate'"],
    ["--network host", "'--network'"],
    ["--memory lots", "'--memory lots' is not"],
  ])("refuses options %s before anything runs", async (options, words) => {
    using stage = await RunStage.open(`on: push
jobs:
  refused:
    runs-on: ubuntu-latest
    container: { image: ${busybox}, options: ${options} }
    steps: [{ run: echo never }]
`);
    const ran = await stage.run();
    expect(ran.code).toBe(1);
    expect(`${ran.job("refused").error}\n${ran.job("refused").log}`).toContain(words);
    expect(ran.job("refused").log).not.toContain("never\n");
    expect(await stage.leftovers(ran)).toEqual([]);
  });
});
