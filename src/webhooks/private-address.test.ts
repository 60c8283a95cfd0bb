import { expect, it } from "vitest";
import { isPrivateAddress } from "./private-address.ts";

it.each([
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:10.0.0.1",
  "::10.0.0.1",
  "64:ff9b::10.0.0.1",
  "0:0:0:0:0:ffff:7f00:1",
  "fc00::1",
  "fd12:3456::1",
  "fe80::1",
  "fe80::1%eth0",
  "ff02::1",
  "not an address",
])("takes %s for private", (address) => {
  expect(isPrivateAddress(address)).toBe(true);
});

it.each([
  "1.1.1.1",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "128.0.0.1",
  "172.15.255.255",
  "172.32.0.0",
  "192.169.0.1",
  "2606:4700::1111",
  "::ffff:1.1.1.1",
  "64:ff9b::1.1.1.1",
])("takes %s for public", (address) => {
  expect(isPrivateAddress(address)).toBe(false);
});
