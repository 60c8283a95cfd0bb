import { expect, it } from "vitest";
import { readAmqpUrl } from "./amqp-address.ts";

it.each([
  ["amqp://guest:guest@localhost", "amqp://localhost:5672/", "guest", "/"],
  ["amqp://guest:guest@localhost/", "amqp://localhost:5672/", "guest", "/"],
  ["amqp://a:b@localhost/%2F", "amqp://localhost:5672/", "a", "/"],
  [
    "amqp://a%40b:p%25w@mq.example.org:5673/team%2Fone",
    "amqp://mq.example.org:5673/team/one",
    "a@b",
    "team/one",
  ],
  ["amqps://a:b@[::1]/v?heartbeat=5", "amqps://[::1]:5671/v", "a", "v"],
])("reads %s", (url, shown, user, vhost) => {
  expect(readAmqpUrl(url)).toEqual({ url, shown, user, vhost });
});

it.each([
  ["", /is no URL/],
  ["localhost", /is no URL/],
  ["amqp://", /is no URL|names no host/],
  ["amqp:///vhost", /is no URL|names no host/],
  ["https://u:hunter2@localhost", /begins with 'https:'/],
  ["amqp://u:hunter2%@localhost", /%25/],
  ["amqp://u:hunter2@localhost/100%", /%25/],
])("refuses %j without telling the password", (url, message) => {
  const read = () => readAmqpUrl(url);
  expect(read).toThrow(
    expect.objectContaining({ code: "Permanent", message: expect.stringMatching(message) }),
  );
  expect(read).not.toThrow("hunter2");
});
