// Followers of one log over HTTP, in a process of their own: node follow-logs.ts PORT PATH TOKEN COUNT
// Each line of the log is the time it was printed at. Says "ready" once all follow; for each line on standard input it
// answers with the latencies seen since the last, in milliseconds, as JSON.
import { connect } from "node:net";
import { createInterface } from "node:readline";

const [port = "", path = "", token = "", count = ""] = process.argv.slice(2);
const now = () => performance.timeOrigin + performance.now();
let latencies: number[] = [];
let following = 0;
for (let i = 0; i < Number(count); i += 1) {
  const socket = connect(Number(port), "127.0.0.1", () => {
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\naccept: text/event-stream\r\n\r\n`,
    );
  });
  socket.setEncoding("latin1");
  let isFollowing = false;
  socket.on("data", (text: string) => {
    if (!isFollowing) {
      isFollowing = true;
      following += 1;
      if (!text.startsWith("HTTP/1.1 200")) throw new Error(text);
      if (following === Number(count)) console.log("ready");
    }
    for (const [, at] of text.matchAll(/printed (\d+\.\d+) /g)) latencies.push(now() - Number(at));
  });
}
createInterface({ input: process.stdin }).on("line", () => {
  console.log(JSON.stringify(latencies));
  latencies = [];
});
