/** A CA and a server certificate of its own, made without any program: X.509 in DER, by hand, with P-256 keys. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

export interface ServerCertificates {
  /** PEM of the CA's certificate. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const OID = {
  commonName: "550403",
  ecdsaSha256: "2a8648ce3d040302",
  basicConstraints: "551d13",
  subjectAltName: "551d11",
  keyUsage: "551d0f",
  subjectKeyId: "551d0e",
  authorityKeyId: "551d23",
};

export function serverCertificates(hosts: readonly string[], nowMs: number): ServerCertificates {
  const caKeys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const caId = randomBytes(20);
  const caName = name("test-cluster-ca");
  const valid = tlv(0x30, time(nowMs - 3_600_000), time(nowMs + 10 * 365 * 86_400_000));
  const ca = certificate(caName, caName, valid, caKeys.publicKey, caKeys.privateKey, [
    extension(OID.basicConstraints, tlv(0x30, tlv(0x01, Buffer.of(0xff))), true),
    extension(OID.keyUsage, tlv(0x03, Buffer.of(1, 0x06)), true),
    extension(OID.subjectKeyId, tlv(0x04, caId)),
  ]);
  const names = hosts.map((host) =>
    /^[\d.]+$/.test(host)
      ? tlv(0x87, Buffer.from(host.split(".").map(Number)))
      : tlv(0x82, Buffer.from(host)),
  );
  const server = certificate(caName, name("kube-apiserver"), valid, keys.publicKey, caKeys.privateKey, [
    extension(OID.subjectAltName, tlv(0x30, ...names)),
    extension(OID.authorityKeyId, tlv(0x30, tlv(0x80, caId))),
  ]);
  return {
    ca: pem(ca),
    certificate: pem(server),
    key: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function certificate(
  issuer: Buffer,
  subject: Buffer,
  valid: Buffer,
  publicKey: KeyObject,
  signer: KeyObject,
  extensions: readonly Buffer[],
): Buffer {
  const algorithm = tlv(0x30, oid(OID.ecdsaSha256));
  const serial = randomBytes(16);
  serial[0] = (serial.readUInt8(0) & 0x3f) | 0x40;
  const body = tlv(
    0x30,
    tlv(0xa0, tlv(0x02, Buffer.of(2))),
    tlv(0x02, serial),
    algorithm,
    issuer,
    valid,
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, tlv(0x30, ...extensions)),
  );
  const signature = sign("sha256", body, signer);
  return tlv(0x30, body, algorithm, tlv(0x03, Buffer.of(0), signature));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return tlv(0x30, oid(id), ...(critical ? [tlv(0x01, Buffer.of(0xff))] : []), tlv(0x04, value));
}

function name(text: string): Buffer {
  return tlv(0x30, tlv(0x31, tlv(0x30, oid(OID.commonName), tlv(0x0c, Buffer.from(text)))));
}

function time(unixMs: number): Buffer {
  const digits = new Date(unixMs).toISOString().replace(/[-:T]|\.\d+/g, "");
  return tlv(0x18, Buffer.from(digits));
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, "hex"));
}

function tlv(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.of(tag, length), content]);
  const bytes = length < 256 ? [length] : [length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, 0x80 | bytes.length, ...bytes), content]);
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
