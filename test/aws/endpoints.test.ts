import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { awsEnvironment } from "../../agent/aws/environment.ts";
import type { EndpointsConfig } from "../../agent/config/config.ts";
import { endpointIn, isNear, resolveEndpoints } from "../../agent/aws/endpoints.ts";

const VARIABLES = {
  AWS_ENDPOINT_URL: "https://all.example",
  AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9000",
  AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://169.254.169.254",
  AWS_USE_FIPS_ENDPOINT: "true",
};

describe("endpoints", () => {
  it("takes the configuration as it is", () => {
    const config: EndpointsConfig = { kind: "aws" };
    assert.equal(resolveEndpoints(config, {}).s3, undefined);
    assert.equal(awsEnvironment({}, config, { from: "instance" })["AWS_ENDPOINT_URL"], undefined);
  });

  it("ignores the SDK's variables unless the config names them", () => {
    const none = { s3: undefined, kms: undefined, imds: undefined, fips: false, dualStack: false };
    assert.deepEqual(resolveEndpoints({ kind: "aws" }, VARIABLES), { ...none, pathStyle: false });
    const s3 = new URL("http://127.0.0.1:1");
    const explicit = {
      kind: "explicit",
      s3,
      kms: undefined,
      imds: undefined,
      pathStyle: true,
    } as const;
    const resolved = resolveEndpoints(explicit, VARIABLES);
    assert.deepEqual([resolved.s3, resolved.kms, resolved.pathStyle], [s3, undefined, true]);
  });

  it("reads the service's variable before the general one", () => {
    const resolved = resolveEndpoints({ kind: "environment", pathStyle: true }, VARIABLES);
    assert.equal(resolved.s3?.href, "http://127.0.0.1:9000/");
    assert.equal(resolved.kms?.href, "https://all.example/");
    assert.equal(resolved.imds?.href, "http://169.254.169.254/");
    assert.deepEqual([resolved.pathStyle, resolved.fips, resolved.dualStack], [true, true, false]);
  });

  it("has one of its own for each service that the SDK's variables name", () => {
    const env = { ...VARIABLES, AWS_ENDPOINT_URL_IAM: "https://iam.example" };
    assert.equal(endpointIn(env, "IAM")?.href, "https://iam.example/");
    assert.equal(endpointIn(env, "STS")?.href, "https://all.example/");
    assert.equal(endpointIn({}, "EC2"), undefined);
    assert.throws(() => endpointIn({ AWS_ENDPOINT_URL_EC2: "http://ec2.example" }, "EC2"));
  });

  it("asks IMDS over IPv6 when the SDK's variable says so, and no endpoint is named", () => {
    const mode = { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv6" };
    const imds = (env: NodeJS.ProcessEnv): string | undefined =>
      resolveEndpoints({ kind: "environment", pathStyle: false }, env).imds?.href;
    assert.equal(imds(mode), "http://[fd00:ec2::254]/");
    assert.equal(imds({ ...VARIABLES, ...mode }), "http://169.254.169.254/");
    assert.equal(imds({ AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv4" }), undefined);
    assert.equal(resolveEndpoints({ kind: "aws" }, mode).imds, undefined);
  });

  it("honours AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", () => {
    const env = { ...VARIABLES, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" };
    const resolved = resolveEndpoints({ kind: "environment", pathStyle: false }, env);
    assert.deepEqual([resolved.s3, resolved.kms], [undefined, undefined]);
  });

  const refused = ["http://s3.example", "http://10.0.0.1", "ftp://127.0.0.1", "no url"];
  for (const url of refused)
    it(`refuses ${url}`, () => {
      assert.throws(
        () =>
          resolveEndpoints({ kind: "environment", pathStyle: false }, { AWS_ENDPOINT_URL_S3: url }),
        { code: "ConfigInvalid" },
      );
    });

  const places: readonly (readonly [url: string, near: boolean])[] = [
    ["http://localhost:9000", true],
    ["http://acme.localhost", true],
    ["http://127.9.9.9", true],
    ["http://[::1]:9000", true],
    ["http://169.254.169.254", true],
    ["http://[fd00:ec2::254]", true],
    ["http://[fe80::1]", true],
    ["http://2130706433", true],
    ["http://128.0.0.1", false],
    ["http://[fd00:ec3::254]", false],
    ["http://localhost.example", false],
    ["http://127.0.0.1.example", false],
  ];
  for (const [url, near] of places)
    it(`takes ${url} for ${near ? "near" : "far"}`, () => assert.equal(isNear(new URL(url)), near));
});
