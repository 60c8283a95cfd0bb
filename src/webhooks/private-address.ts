import { BlockList, isIPv4, isIPv6 } from "node:net";

/** Ranges that are not of the public internet: https://www.iana.org/assignments/iana-ipv4-special-registry, …-ipv6-… */
const PRIVATE_RANGES = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["::", 127],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001:db8::", 32],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const;

/** Addresses of IPv6 that hold one of IPv4 in their last 32 bits. */
const EMBEDDING = /^(?:::ffff:|::|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

const ranges = new BlockList();
for (const [network, prefix] of PRIVATE_RANGES) {
  ranges.addSubnet(network, prefix, isIPv4(network) ? "ipv4" : "ipv6");
}

/** Where clouds tell a machine its own keys; nobody has a receiver there. */
const METADATA_RANGES = [
  ["169.254.0.0", 16],
  ["fe80::", 10],
  ["fd00:ec2::254", 128],
] as const;

const metadata = new BlockList();
for (const [network, prefix] of METADATA_RANGES) {
  metadata.addSubnet(network, prefix, isIPv4(network) ? "ipv4" : "ipv6");
}

/** Is it an address of this machine, of a private network or of none? `address` is an IP address. */
export function isPrivateAddress(address: string): boolean {
  return isIn(ranges, address);
}

/** Is it one that is never called, whatever is allowed? `address` is an IP address. */
export function isMetadataAddress(address: string): boolean {
  return isIn(metadata, address);
}

function isIn(list: BlockList, address: string): boolean {
  if (isIPv4(address)) return list.check(address, "ipv4");
  if (!isIPv6(address)) return true;
  const [, high, low] = EMBEDDING.exec(normalize(address)) ?? [];
  if (high !== undefined && low !== undefined) {
    const bits = Number.parseInt(high, 16) * 0x10000 + Number.parseInt(low, 16);
    const ipv4 = [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join(".");
    if (list.check(ipv4, "ipv4")) return true;
  }
  return list.check(withoutZone(address), "ipv6");
}

function withoutZone(address: string): string {
  return address.replace(/%.*$/, "");
}

/** The one short form, in hex: as URLs have it. */
function normalize(address: string): string {
  return new URL(`http://[${withoutZone(address)}]`).hostname.slice(1, -1);
}
