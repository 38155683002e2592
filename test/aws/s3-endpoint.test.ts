import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bucketUrl, usualUrl } from "../../agent/aws/s3-endpoint.ts";
import { ruledUrl } from "../../agent/aws/s3-rules.ts";
import { parseBucketName, parseRegion } from "../../agent/core/names.ts";
import { PUBLIC } from "../support/aws.ts";

const USUAL_REGIONS = ["us-east-1", "us-west-2", "eu-central-2", "ap-southeast-7", "sa-east-1"];
const OTHER_REGIONS = ["cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1"];
const ALL_REGIONS = [...USUAL_REGIONS, "il-central-1", "mx-central-1", ...OTHER_REGIONS];
const USUAL_BUCKETS = ["acme-secrets", "a1b", "0".repeat(63)];
const OTHER_BUCKETS = ["acme.secrets", "acme--use1-az1--x-s3", "acme-s3alias"];
const ALL_BUCKETS = [...USUAL_BUCKETS, ...OTHER_BUCKETS];
const OWN = ["http://127.0.0.1:9000", "https://10.1.2.3", "https://s3.acme.example:8443"];
const ENDPOINTS = [undefined, ...OWN, "https://s3.acme.example/base"].flatMap((text) =>
  [false, true].map((pathStyle) => ({
    ...PUBLIC,
    s3: text === undefined ? undefined : new URL(text),
    pathStyle,
  })),
);

describe("where a bucket is asked", () => {
  it("is where the SDK's rules say, whenever it is said without them", () => {
    for (const bucket of ALL_BUCKETS.map(parseBucketName))
      for (const region of ALL_REGIONS.map(parseRegion))
        for (const endpoints of ENDPOINTS) {
          const usual = usualUrl(bucket, region, endpoints);
          if (usual === undefined) continue;
          const { protocol, host, pathname } = ruledUrl(bucket, region, endpoints);
          assert.deepEqual(
            [usual.protocol, usual.host, usual.pathname],
            [protocol, host, pathname],
            `${bucket} ${region} ${endpoints.s3?.href}`,
          );
        }
  });

  it("is said without them on an everyday host", () => {
    const [loopback] = ENDPOINTS.filter(({ s3 }) => s3?.hostname === "127.0.0.1");
    for (const bucket of USUAL_BUCKETS.map(parseBucketName))
      for (const region of USUAL_REGIONS.map(parseRegion))
        for (const endpoints of [PUBLIC, loopback ?? PUBLIC])
          assert.ok(usualUrl(bucket, region, endpoints), `${bucket} ${region}`);
  });

  const ruled: readonly (readonly [bucket: string, region: string, fips: boolean, url: string])[] =
    [
      ["acme-secrets", "cn-north-1", false, "https://acme-secrets.s3.cn-north-1.amazonaws.com.cn/"],
      ["acme.secrets", "eu-west-1", false, "https://s3.eu-west-1.amazonaws.com/acme.secrets"],
      ["acme-secrets", "us-east-1", true, "https://acme-secrets.s3-fips.us-east-1.amazonaws.com/"],
    ];
  for (const [bucket, region, fips, url] of ruled)
    it(`is left to them for ${bucket} in ${region}${fips ? " under FIPS" : ""}`, async () => {
      const asked = [parseBucketName(bucket), parseRegion(region)] as const;
      assert.equal((await bucketUrl(...asked, { ...PUBLIC, fips })).href, url);
    });
});
