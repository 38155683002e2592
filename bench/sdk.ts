/**
 * The same pass with `@aws-sdk/client-s3` as it comes: `node sdk.js PREFIX` lists a prefix and gets every
 * object, 64 at once, into memory; without a prefix it only loads.
 * @module
 */
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { fromInstanceMetadata } from "@aws-sdk/credential-providers";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { AT_ONCE } from "./bare.ts";

const Bucket = process.env["POSTERN_BENCH_BUCKET"] ?? "";
const Prefix = process.argv[2];

if (Prefix !== undefined) {
  const client = new S3Client({
    credentials: fromInstanceMetadata(),
    forcePathStyle: true,
    requestHandler: new NodeHttpHandler({ httpAgent: { maxSockets: AT_ONCE } }),
  });
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
  const bodies: Uint8Array[] = [];
  const left = Contents.entries();
  const work = async (): Promise<void> => {
    for (const [index, { Key }] of left) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      bodies[index] = (await Body?.transformToByteArray()) ?? new Uint8Array();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  client.destroy();
}
