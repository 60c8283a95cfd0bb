import { randomBytes } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import { inject } from "vitest";
import type { PartInfo } from "./parts/part.ts";
import { usePart } from "./parts/use-part.ts";

export interface TestBucket {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  dispose(): Promise<void>;
}

/** A fresh bucket on the run's S3 server, or on the one `SLIPWAY_TEST_S3_ENDPOINT` (and `…_ACCESS_KEY_ID`, `…_SECRET_ACCESS_KEY`, `…_REGION`) names. */
export async function testS3(): Promise<TestBucket> {
  const info = given() ?? (await usePart(inject("partsFolder"), inject("partsOwner"), "s3"));
  const { endpoint = "", region = "us-east-1", accessKeyId = "", secretAccessKey = "" } = info;
  const bucket = `slipway-${randomBytes(6).toString("hex")}`;
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    endpoint,
    region,
    bucket,
    accessKeyId,
    secretAccessKey,
    async dispose() {
      // The run's own server goes with all it holds, and takes a while for each object.
      if (given() !== undefined) {
        await empty(client, bucket);
        await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      }
      client.destroy();
    },
  };
}

async function empty(client: S3Client, bucket: string): Promise<void> {
  for (;;) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    if (Contents.length === 0) return;
    // One by one: for a request that deletes many, servers want the one checksum that the SDK does not send any more.
    await Promise.all(
      Contents.map(({ Key }) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))),
    );
  }
}

function given(): PartInfo | undefined {
  const endpoint = process.env.SLIPWAY_TEST_S3_ENDPOINT;
  if (endpoint === undefined) return undefined;
  return {
    endpoint,
    region: process.env.SLIPWAY_TEST_S3_REGION ?? "us-east-1",
    accessKeyId: process.env.SLIPWAY_TEST_S3_ACCESS_KEY_ID ?? "",
    secretAccessKey: process.env.SLIPWAY_TEST_S3_SECRET_ACCESS_KEY ?? "",
  };
}
