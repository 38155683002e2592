import assert from "node:assert/strict";
import http from "node:http";
import https from "node:https";
import { describe, it } from "node:test";
import { createConnection } from "../../agent/aws/connection.ts";
import { applyEnvironment, awsEnvironment } from "../../agent/aws/environment.ts";

const STRAY = {
  PATH: "/usr/bin",
  AWS_ACCESS_KEY_ID: "stray",
  AWS_SECRET_ACCESS_KEY: "stray",
  AWS_SESSION_TOKEN: "stray",
  AWS_PROFILE: "stray",
  AWS_CONFIG_FILE: "/home/stray",
  AWS_SHARED_CREDENTIALS_FILE: "/home/stray",
  AWS_ENDPOINT_URL: "http://stray",
  AWS_ENDPOINT_URL_S3: "http://stray",
  AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://stray",
  AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://stray",
  AWS_ROLE_ARN: "stray",
  AWS_WEB_IDENTITY_TOKEN_FILE: "stray",
  AWS_REGION: "stray",
  AWS_MAX_ATTEMPTS: "99",
  AWS_USE_DUALSTACK_ENDPOINT: "true",
  NODE_USE_ENV_PROXY: "1",
  NODE_TLS_REJECT_UNAUTHORIZED: "0",
};
const ALWAYS = ["AWS_EC2_METADATA_V1_DISABLED", "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"];
const FILES = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];

type From = Parameters<typeof awsEnvironment>[2]["from"];
type Kind = Parameters<typeof awsEnvironment>[1]["kind"];

const ROWS: readonly (readonly [from: From, kind: Kind, kept: readonly string[]])[] = [
  ["instance", "aws", []],
  ["instance", "explicit", []],
  [
    "instance",
    "environment",
    [
      "AWS_EC2_METADATA_SERVICE_ENDPOINT",
      "AWS_ENDPOINT_URL",
      "AWS_ENDPOINT_URL_S3",
      "AWS_USE_DUALSTACK_ENDPOINT",
    ],
  ],
  [
    "environment",
    "aws",
    ["AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
  ],
  ["profile", "aws", ["AWS_CONFIG_FILE", "AWS_REGION", "AWS_SHARED_CREDENTIALS_FILE"]],
  ["container", "aws", ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_REGION"]],
  ["web-identity", "aws", ["AWS_REGION", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"]],
];

describe("environment", () => {
  for (const [from, kind, kept] of ROWS)
    it(`lets only what is named through: credentials ${from}, endpoints ${kind}`, () => {
      const env = awsEnvironment(STRAY, { kind }, { from });
      const stray = Object.entries(env)
        .filter(([name, value]) => value === Reflect.get(STRAY, name) && name !== "PATH")
        .map(([name]) => name);
      assert.deepEqual(stray.sort(), [...kept].sort());
      assert.equal(env["PATH"], "/usr/bin");
      for (const name of ALWAYS) assert.equal(env[name], "true");
      if (from !== "profile") for (const name of FILES) assert.equal(env[name], "/dev/null");
    });

  it("tells the SDK where the config says that IMDS is", () => {
    const imds = new URL("http://127.0.0.1:1338");
    const env = awsEnvironment(STRAY, { kind: "explicit", imds }, { from: "instance" });
    assert.equal(env["AWS_EC2_METADATA_SERVICE_ENDPOINT"], "http://127.0.0.1:1338/");
  });

  it("makes it the environment, and takes the proxy out of Node's global agent", () => {
    const target: NodeJS.ProcessEnv = { ...STRAY };
    const proxied = http.globalAgent;
    applyEnvironment({ PATH: "/bin", AWS_REGION: "eu-west-1" }, target);
    assert.deepEqual(target, { PATH: "/bin", AWS_REGION: "eu-west-1" });
    assert.notEqual(http.globalAgent, proxied);
  });

  it("takes the proxy out of Node's global agent for HTTPS before anything can be asked over it", () => {
    const proxied = https.globalAgent;
    createConnection(1000).destroy();
    assert.notEqual(https.globalAgent, proxied);
  });
});
