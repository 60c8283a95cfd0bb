import { expect, it } from "vitest";
import { encodeFrame } from "./encode-frame.ts";
import { FrameDecoder } from "./frame-decoder.ts";
import { encodeRunnerMessage, parseRunnerMessage, type RunnerMessage } from "./runner-message.ts";

const MESSAGES: readonly RunnerMessage[] = [
  { type: "container.start", id: "a", container: { image: { kind: "pull", name: "x" }, gateSocket: "/s" } },
  {
    type: "container.start",
    id: "b",
    container: {
      image: { kind: "build", context: "/c", dockerfile: "/c/D" },
      gateSocket: "/s",
      options: "--cpus 1\n",
    },
  },
  { type: "container.remove", id: "a" },
];

it("messages are told from frames and from plain lines, whatever pieces they come in", () => {
  const frame = { seq: 1, at: 1, type: "mask", value: "v" } as const;
  const stream = `plain\n${MESSAGES.map(encodeRunnerMessage).join("")}${encodeFrame(frame)}rest\n`;
  for (const size of [1, 7, stream.length]) {
    const decoder = new FrameDecoder();
    const bytes = Buffer.from(stream);
    const items = [];
    for (let at = 0; at < bytes.length; at += size)
      items.push(...decoder.push(bytes.subarray(at, at + size)));
    expect(items.flatMap((item) => (item.kind === "message" ? [item.message] : []))).toEqual(MESSAGES);
    expect(items.filter(({ kind }) => kind === "frame")).toHaveLength(1);
    const plain = items.flatMap((item) => (item.kind === "plain" ? [Buffer.from(item.data).toString()] : []));
    expect(plain.join("")).toBe("plain\nrest\n");
  }
});

it.each([
  "",
  "{",
  '{"type":"container.start","id":"a"}',
  '{"type":"container.start","id":"a","container":{"image":{"kind":"pull"},"gateSocket":"/s"}}',
  '{"type":"container.start","id":"a","container":{"image":{"kind":"build","context":"/c"},"gateSocket":"/s"}}',
  '{"type":"container.remove"}',
  '{"type":"container.other","id":"a"}',
  '{"seq":1,"type":"container.remove","id":"a"}',
])("%s is none", (record) => {
  expect(parseRunnerMessage(record)).toBeUndefined();
});
