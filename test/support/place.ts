/** A place to publish to, made new in any S3 and KMS: a versioned bucket and two keys. @module */
import { KMS } from "@aws-sdk/client-kms";
import { S3 } from "@aws-sdk/client-s3";
import { randomBytes } from "node:crypto";
import { after, type TestContext } from "node:test";
import type { AccessKeys, Place } from "./publishing.ts";

/** S3 and KMS that somebody runs. */
export interface Server {
  readonly endpoints: Place["endpoints"];
  readonly region: string;
  readonly account: string;
  readonly credentials: AccessKeys;
}

export interface TestPlace extends Place {
  readonly credentials: AccessKeys;
  /** ARNs. */
  readonly key: string;
  readonly otherKey: string;
}

/** Makes buckets, one a test, that go with it; the keys are the same for all, and go with the file. */
export function placesOf(server: () => Promise<Server>): (t: TestContext) => Promise<TestPlace> {
  const prepared = once(async () => {
    const { endpoints, region, credentials } = await server();
    const shared = { region, credentials };
    const s3 = new S3({ ...shared, endpoint: endpoints.s3.href, forcePathStyle: true });
    const kms = new KMS({ ...shared, endpoint: endpoints.kms.href });
    const made = await Promise.all([kms.createKey({}), kms.createKey({})]);
    const [key = "", otherKey = ""] = made.map(({ KeyMetadata }) => KeyMetadata?.Arn ?? "");
    return { s3, kms, key, otherKey };
  });
  after(async () => {
    if (!prepared.began()) return;
    const { s3, kms, key, otherKey } = await prepared.get();
    const deletions = [key, otherKey].map((KeyId) =>
      kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 }),
    );
    // not every KMS that is not AWS's deletes keys
    await Promise.allSettled(deletions);
    for (const client of [s3, kms]) client.destroy();
  });
  return async (t) => {
    const { s3, key, otherKey } = await prepared.get();
    const Bucket = `postern-test-${randomBytes(8).toString("hex")}`;
    await s3.createBucket({ Bucket });
    await s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: "Enabled" } });
    t.after(async () => {
      const { Versions = [], DeleteMarkers = [] } = await s3.listObjectVersions({ Bucket });
      for (const { Key, VersionId } of [...Versions, ...DeleteMarkers])
        await s3.deleteObject({ Bucket, Key, VersionId });
      await s3.deleteBucket({ Bucket });
    });
    return { ...(await server()), bucket: Bucket, key, otherKey };
  };
}

function once<T>(make: () => Promise<T>): { get(): Promise<T>; began(): boolean } {
  let made: Promise<T> | undefined;
  return { get: () => (made ??= make()), began: () => made !== undefined };
}

/** The server that the environment names, or undefined. */
export function serverOfEnvironment(env: NodeJS.ProcessEnv = process.env): Server | undefined {
  const s3 = env["POSTERN_TEST_S3_ENDPOINT"];
  const kms = env["POSTERN_TEST_KMS_ENDPOINT"];
  if (!s3 || !kms) return undefined;
  const sessionToken = env["AWS_SESSION_TOKEN"];
  return {
    endpoints: { s3: new URL(s3), kms: new URL(kms) },
    region: "us-east-1",
    account: env["POSTERN_TEST_ACCOUNT"] ?? "123456789012",
    credentials: {
      accessKeyId: env["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] ?? "",
      ...(sessionToken ? { sessionToken } : {}),
    },
  };
}
