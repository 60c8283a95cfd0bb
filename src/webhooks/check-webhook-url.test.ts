import { expect, it } from "vitest";
import { checkWebhookUrl } from "./check-webhook-url.ts";

it.each([
  ["not one", /is no URL/],
  ["/hooks", /is no URL/],
  ["ftp://example.org", /begins with 'ftp:'/],
  ["file:///etc/passwd", /begins with 'file:'/],
  ["javascript:alert(1)", /begins with 'javascript:'/],
  ["https://user:hunter2@example.org", /no user and no password/],
  ["https://user@example.org", /no user and no password/],
])("refuses %s", (url, message) => {
  const check = () => checkWebhookUrl(url, { allowPrivate: true });
  expect(check).toThrow(
    expect.objectContaining({ code: "InvalidSpec", message: expect.stringMatching(message) }),
  );
  expect(check).not.toThrow("hunter2");
});

it.each([
  "http://127.0.0.1/hook",
  "http://2130706433/",
  "http://0x7f.1/",
  "http://[::1]:8080/",
  "http://[::ffff:10.0.0.1]/",
  "http://192.168.0.10/",
  "http://localhost:3000/",
  "http://a.localhost/",
])("refuses the private address %s unless that is allowed", (url) => {
  expect(() => checkWebhookUrl(url, { allowPrivate: false })).toThrow(
    expect.objectContaining({ code: "InvalidSpec", message: expect.stringContaining("private network") }),
  );
  expect(checkWebhookUrl(url, { allowPrivate: true })).toBeInstanceOf(URL);
});

it.each([
  "http://169.254.169.254/latest/meta-data",
  "http://[::ffff:169.254.169.254]/",
  "http://[fe80::1]/",
  "http://[fd00:ec2::254]/",
])("never takes %s, where clouds keep the keys of their machines", (url) => {
  expect(() => checkWebhookUrl(url, { allowPrivate: true })).toThrow(
    expect.objectContaining({ code: "InvalidSpec" }),
  );
});

it.each(["http://example.org", "https://example.org:8443/hooks?token=1", "https://1.1.1.1/"])(
  "takes %s",
  (url) => {
    expect(checkWebhookUrl(url, { allowPrivate: false }).href).toBe(new URL(url).href);
  },
);
