import { randomBytes } from "node:crypto";
import { unlink } from "node:fs/promises";
import { PassThrough, Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { ExecError } from "../errors.ts";
import type { BlobBody, BlobRange, BlobReader, BlobStat, BlobStore, PutOptions } from "./blob-store.ts";
import { KeyedTurns } from "./keyed-turns.ts";
import { openS3Body, type S3Body } from "./s3-body.ts";
import { s3Error, s3Status } from "./s3-error.ts";
import { encodeS3Key, fromS3Key, toS3Key } from "./s3-key.ts";

export interface S3BlobStoreOptions {
  /** `http://127.0.0.1:9000`; buckets are addressed by path. Absent: Amazon's own, of the region. */
  readonly endpoint?: string;
  readonly region: string;
  /** Must exist. */
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Before every key, e.g. `slipway/`. */
  readonly prefix?: string;
  /** Requests that are tried before a failure is told. Default 3. */
  readonly attempts?: number;
}

type Sdk = typeof import("./s3-sdk.ts");
type S3Place = { readonly Bucket: string; readonly Key: string };

/** A body up to this goes in one request; a longer one in parts of it, of which a few are in memory. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 2;
/** S3 allows 10,000. */
const MAX_PARTS = 9_000;

/**
 * Blobs as objects in a bucket of any server that speaks S3's API: AWS, MinIO, Ceph, Swift. The SDK is loaded with the
 * first call.
 *
 * `ifAbsent` is `If-None-Match: *` where the server holds to it, which is tried out once: AWS, MinIO and Ceph do, also
 * for writers at once. Where it does not (Swift), the store looks whether there is one and then writes: of two writers in
 * one process one wins; two in different processes may both be told that they won, and the last one's bytes stay.
 */
export class S3BlobStore implements BlobStore {
  readonly name = "s3";
  readonly options: S3BlobStoreOptions;
  readonly #turns = new KeyedTurns();
  #loaded: Promise<{ readonly sdk: Sdk; readonly client: S3Client }> | undefined;
  #conditional: Promise<boolean> | undefined;

  constructor(options: S3BlobStoreOptions) {
    this.options = options;
  }

  /** The SDK and its client for this store. */
  sdk(): Promise<{ readonly sdk: Sdk; readonly client: S3Client }> {
    this.#loaded ??= openClient(this.options);
    return this.#loaded;
  }

  /** Where a key lies; throws `InvalidSpec`. */
  placeOf(key: string): S3Place {
    return { Bucket: this.options.bucket, Key: toS3Key(key, this.options.prefix ?? "") };
  }

  async put(key: string, body: BlobBody, options: PutOptions = {}): Promise<BlobStat> {
    const place = this.placeOf(key);
    const stat =
      options.ifAbsent === true
        ? await this.#putIfAbsent(key, place, body)
        : await this.#put(key, place, body);
    if (!(body instanceof Uint8Array) && "file" in body && body.move) await unlink(body.file);
    return stat;
  }

  async get(key: string, range: BlobRange = { start: 0 }): Promise<BlobReader> {
    const place = this.placeOf(key);
    const { sdk, client } = await this.sdk();
    const whole = range.start === 0 && range.end === undefined;
    const Range = `bytes=${range.start}-${range.end ?? ""}`;
    try {
      const output = await client.send(new sdk.GetObjectCommand({ ...place, ...(!whole && { Range }) }));
      const total = /\/(\d+)$/.exec(output.ContentRange ?? "")?.[1];
      const stat = statOf(key, Number(total ?? output.ContentLength ?? 0), output.LastModified);
      return { stat, body: this.#bodyOf(key, output.Body as Readable) };
    } catch (error) {
      const stat = s3Status(error) === 416 ? await this.stat(key) : undefined;
      if (stat !== undefined) return { stat, body: Readable.from([]) };
      throw s3Error(error, `cannot read ${key}`, this.options);
    }
  }

  async stat(key: string): Promise<BlobStat | undefined> {
    const place = this.placeOf(key);
    const { sdk, client } = await this.sdk();
    try {
      const output = await client.send(new sdk.HeadObjectCommand(place));
      return statOf(key, output.ContentLength ?? 0, output.LastModified);
    } catch (error) {
      // The answer to a HEAD has no body, which would tell a missing bucket from a missing object.
      if (s3Status(error) === 404) return undefined;
      throw s3Error(error, `cannot look at ${key}`, this.options);
    }
  }

  async delete(key: string): Promise<boolean> {
    const place = this.placeOf(key);
    const { sdk, client } = await this.sdk();
    // S3 answers the same whether there was one or not.
    return await this.#turns.take(key, async () => {
      if ((await this.stat(key)) === undefined) return false;
      try {
        await client.send(new sdk.DeleteObjectCommand(place));
        return true;
      } catch (error) {
        if (s3Status(error) === 404) return false;
        throw s3Error(error, `cannot delete ${key}`, this.options);
      }
    });
  }

  async *list(prefix: string): AsyncIterable<BlobStat> {
    const { sdk, client } = await this.sdk();
    const own = this.options.prefix ?? "";
    let ContinuationToken: string | undefined;
    do {
      const request = {
        Bucket: this.options.bucket,
        Prefix: own + encodeS3Key(prefix),
        ...(ContinuationToken !== undefined && { ContinuationToken }),
      };
      const page = await client.send(new sdk.ListObjectsV2Command(request)).catch((error) => {
        throw s3Error(error, "cannot list blobs", this.options);
      });
      for (const { Key = "", Size = 0, LastModified } of page.Contents ?? []) {
        const key = fromS3Key(Key, own);
        if (key !== undefined) yield statOf(key, Size, LastModified);
      }
      ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  /** Rejects where the bucket cannot be used, with what is wrong. */
  async check(): Promise<void> {
    const { sdk, client } = await this.sdk();
    const request = { Bucket: this.options.bucket, MaxKeys: 1 };
    await client.send(new sdk.ListObjectsV2Command(request)).catch((error) => {
      throw s3Error(error, "cannot use the bucket", this.options);
    });
  }

  async close(): Promise<void> {
    const loaded = await this.#loaded;
    loaded?.client.destroy();
  }

  async #putIfAbsent(key: string, place: S3Place, body: BlobBody): Promise<BlobStat> {
    this.#conditional ??= this.#tryConditions();
    const conditional = await this.#conditional.catch((error) => {
      this.#conditional = undefined;
      throw error;
    });
    if (conditional) return await this.#put(key, place, body, { IfNoneMatch: "*" });
    return await this.#turns.take(key, async () => {
      if ((await this.stat(key)) !== undefined) throw alreadyThere(key);
      return await this.#put(key, place, body);
    });
  }

  async #put(
    key: string,
    place: S3Place,
    body: BlobBody,
    condition: { IfNoneMatch?: string } = {},
  ): Promise<BlobStat> {
    const { sdk, client } = await this.sdk();
    const source = await openS3Body(body, PART_BYTES);
    try {
      if ("bytes" in source) {
        await client.send(new sdk.PutObjectCommand({ ...place, Body: source.bytes, ...condition }));
      } else {
        await this.#putParts(place, source, condition);
      }
    } catch (error) {
      const failure = "stream" in source ? source.failure() : undefined;
      if (failure !== undefined) throw failure.error;
      // 409: another conditional write of the same key is going on.
      if (condition.IfNoneMatch !== undefined && [409, 412].includes(s3Status(error) ?? 0)) {
        throw alreadyThere(key, error);
      }
      throw s3Error(error, `cannot store ${key}`, this.options);
    } finally {
      if ("stream" in source) source.stream.destroy();
    }
    const stat = await this.stat(key);
    if (stat === undefined) throw new ExecError("Transient", `cannot store ${key}: it is gone already`);
    return stat;
  }

  async #putParts(
    place: S3Place,
    source: Extract<S3Body, { stream: Readable }>,
    condition: { IfNoneMatch?: string },
  ): Promise<void> {
    const { client } = await this.sdk();
    const { Upload } = await import("./s3-sdk.ts");
    const upload = new Upload({
      client,
      params: { ...place, Body: source.stream, ...condition },
      partSize: Math.max(PART_BYTES, Math.ceil((source.sizeBytes ?? 0) / MAX_PARTS)),
      queueSize: PARTS_AT_ONCE,
      leavePartsOnError: false,
    });
    await upload.done();
  }

  /** Whether the server refuses a second conditional write. Some do not know the condition, and some do not even say so. */
  async #tryConditions(): Promise<boolean> {
    const { sdk, client } = await this.sdk();
    const place = {
      Bucket: this.options.bucket,
      Key: `${this.options.prefix ?? ""}.trial-${randomBytes(8).toString("hex")}`,
    };
    try {
      for (const _ of [1, 2]) {
        await client.send(new sdk.PutObjectCommand({ ...place, Body: new Uint8Array(), IfNoneMatch: "*" }));
      }
      return false;
    } catch (error) {
      const status = s3Status(error);
      if (status === 412) return true;
      if (status === 501 || status === 400) return false;
      throw s3Error(error, "cannot try a conditional write", this.options);
    } finally {
      await client.send(new sdk.DeleteObjectCommand(place)).catch(() => undefined);
    }
  }

  #bodyOf(key: string, source: Readable): PassThrough {
    const body = new PassThrough({ highWaterMark: 256 * 1024 });
    source.once("error", (error) =>
      body.destroy(s3Error(error, `cannot read ${key} to its end`, this.options)),
    );
    body.once("close", () => source.destroy());
    return source.pipe(body);
  }
}

async function openClient(
  options: S3BlobStoreOptions,
): Promise<{ readonly sdk: Sdk; readonly client: S3Client }> {
  const sdk = await import("./s3-sdk.ts");
  const { endpoint, region, accessKeyId, secretAccessKey, attempts = 3 } = options;
  const client = new sdk.S3Client({
    ...(endpoint !== undefined && { endpoint }),
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    // Checksums in trailers are AWS's own; other servers refuse them or store them as bytes.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: attempts,
    requestHandler: {
      connectionTimeout: 5_000,
      socketTimeout: 60_000,
      httpAgent: { keepAlive: true, maxSockets: 128 },
      httpsAgent: { keepAlive: true, maxSockets: 128 },
    },
  });
  return { sdk, client };
}

function statOf(key: string, sizeBytes: number, modified: Date | undefined): BlobStat {
  return { key, sizeBytes, modifiedAt: modified?.getTime() ?? 0 };
}

function alreadyThere(key: string, cause?: unknown): ExecError {
  return new ExecError("Conflict", `there is a blob ${key} already`, cause === undefined ? {} : { cause });
}
