import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fromInstanceMetadata } from "@aws-sdk/credential-providers";
import { createCredentials } from "../../agent/sandbox/credentials.ts";
import { createImds } from "../../agent/sandbox/imds.ts";
import { startSandbox, type Sandbox } from "../../agent/sandbox/sandbox.ts";
import type { Answer, Service, ServiceContext } from "../../agent/sandbox/service.ts";
import { systemChance } from "../../agent/core/clock.ts";
import { wireRequest } from "../support/wire.ts";

const START = Date.parse("2026-11-24T10:00:00.400Z");
const CREDENTIALS = "/latest/meta-data/iam/security-credentials/";

/** A host whose clock the test holds. */
function host(role?: string, lifetimeMs = 3_600_000) {
  const clock = { now: () => START, monotonic: () => 0, sleep: () => Promise.resolve() };
  const shared = { account: "111122223333", clock, chance: systemChance };
  const credentials = createCredentials({ ...shared, lifetimeMs });
  const context: ServiceContext = {
    ...shared,
    region: "eu-central-1",
    credentials,
    authoriser: () => ({ decide: () => ({ allowed: false, explicit: false, layer: "identity" }) }),
  };
  return { imds: createImds(context, role === undefined ? {} : { role }), credentials };
}

async function ask(
  imds: Service,
  method: string,
  rawPath: string,
  headers: Readonly<Record<string, string>> = {},
  now = START,
): Promise<{
  readonly status: number;
  readonly text: string;
  readonly headers: Answer["response"]["headers"];
}> {
  const request = wireRequest({ method, path: rawPath, headers });
  const { response } = await imds.answer(request, { now, requestId: "1" });
  return { status: response.status, text: response.body.toString(), headers: response.headers };
}

async function tokenOf(imds: Service, ttl = "21600"): Promise<string> {
  return (
    await ask(imds, "PUT", "/latest/api/token", { "x-aws-ec2-metadata-token-ttl-seconds": ttl })
  ).text;
}

async function get(imds: Service, path: string, now = START): Promise<string | number> {
  const token = await tokenOf(imds);
  const { status, text } = await ask(imds, "GET", path, { "x-aws-ec2-metadata-token": token }, now);
  return status === 200 ? text : status;
}

describe("the sandbox's IMDS", () => {
  const ttl = (seconds: string) => ({ "x-aws-ec2-metadata-token-ttl-seconds": seconds });
  const rows: readonly (readonly [string, string, Readonly<Record<string, string>>, number])[] = [
    ["the shortest session", "PUT", ttl("1"), 200],
    ["the longest session", "PUT", ttl("21600"), 200],
    ["no session longer than six hours", "PUT", ttl("21601"), 400],
    ["no session of no time", "PUT", ttl("0"), 400],
    ["no session of a negative time", "PUT", ttl("-1"), 400],
    ["no session of something else", "PUT", ttl("1h"), 400],
    ["no session without a time", "PUT", {}, 400],
    [
      "no session to what came through a proxy",
      "PUT",
      { ...ttl("60"), "x-forwarded-for": "10.0.0.1" },
      403,
    ],
    ["no session to a GET", "GET", ttl("60"), 405],
    ["no session to a POST", "POST", ttl("60"), 405],
  ];
  for (const [why, method, headers, status] of rows)
    it(`grants ${why}`, async () => {
      const answer = await ask(host().imds, method, "/latest/api/token", headers);
      assert.equal(answer.status, status);
      if (status === 200) {
        assert.equal(answer.text.length, 56);
        assert.equal(
          answer.headers["X-Aws-Ec2-Metadata-Token-Ttl-Seconds"],
          headers["x-aws-ec2-metadata-token-ttl-seconds"],
        );
      }
    });

  it("tells nothing without a token, with a wrong one, with another host's, or with an old one", async () => {
    const { imds } = host("web");
    const token = await tokenOf(imds, "60");
    const foreign = await tokenOf(host("web").imds);
    const read = async (headers: Readonly<Record<string, string>>, now?: number) =>
      (await ask(imds, "GET", CREDENTIALS, headers, now)).status;
    assert.equal(await read({}), 401);
    for (const wrong of ["", "x", `${token}x`, foreign])
      assert.equal(await read({ "x-aws-ec2-metadata-token": wrong }), 401, wrong);
    assert.equal(await read({ "x-aws-ec2-metadata-token": token }, START + 59_999), 200);
    assert.equal(await read({ "x-aws-ec2-metadata-token": token }, START + 60_000), 401);
  });

  it("says how long a session still lasts", async () => {
    const { imds } = host();
    const token = await tokenOf(imds, "60");
    const headers = { "x-aws-ec2-metadata-token": token };
    const answer = await ask(imds, "GET", "/latest/", headers, START + 10_000);
    assert.equal(answer.headers["X-Aws-Ec2-Metadata-Token-Ttl-Seconds"], "50");
  });

  const withRole: readonly (readonly [string, string | number])[] = [
    ["/latest/", "dynamic/\nmeta-data/"],
    ["/latest/meta-data/iam/", "info\nsecurity-credentials/"],
    ["/latest/meta-data/iam/security-credentials", "web"],
    [CREDENTIALS, "web"],
    ["/latest/meta-data/placement/region", "eu-central-1"],
    ["/latest/meta-data/placement/availability-zone", "eu-central-1a"],
    ["/latest/meta-data/placement", "availability-zone\nregion"],
    ["/latest/meta-data/services/domain", "amazonaws.com"],
    ["/latest/meta-data/services/partition", "aws"],
    [`${CREDENTIALS}db`, 404],
    ["/latest/meta-data/placement/availability-zone/", "eu-central-1a"],
    ["/latest/meta-data/nothing", 404],
    ["/latest/meta-data/constructor", 404],
    ["/latest/meta-data/placement/region/length", 404],
    ["/latest/dynamic/instance-identity/signature", 404],
    ["/latest//meta-data/", 404],
    ["/1.0/meta-data/", 404],
  ];
  for (const [path, expected] of withRole)
    it(`answers ${path}`, async () => assert.equal(await get(host("web").imds, path), expected));

  it("describes the host in its identity document", async () => {
    const { imds } = host("web");
    const text = String(await get(imds, "/latest/dynamic/instance-identity/document"));
    const { accountId, region, instanceId, pendingTime } = JSON.parse(text) as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [accountId, region, pendingTime],
      ["111122223333", "eu-central-1", "2026-11-24T10:00:00Z"],
    );
    assert.match(String(instanceId), /^i-[0-9a-f]{17}$/);
    assert.equal(await get(imds, "/latest/meta-data/instance-id"), instanceId);
  });

  it("has no credentials on a host without an instance profile", async () => {
    const { imds } = host();
    for (const path of ["/latest/meta-data/iam/", CREDENTIALS, "/latest/meta-data/iam/info"])
      assert.equal(await get(imds, path), 404, path);
    assert.doesNotMatch(String(await get(imds, "/latest/meta-data/")), /iam/);
  });

  it("hands out credentials of its role, the same until they near their end, then new ones", async () => {
    const { imds, credentials } = host("web");
    const read = async (now: number) =>
      JSON.parse(String(await get(imds, `${CREDENTIALS}web`, now))) as Record<string, string>;
    const first = await read(START);
    const members = "Code LastUpdated Type AccessKeyId SecretAccessKey Token Expiration";
    assert.equal(Object.keys(first).join(" "), members);
    assert.deepEqual(
      [first["Code"], first["Type"], first["LastUpdated"], first["Expiration"]],
      ["Success", "AWS-HMAC", "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z"],
    );
    const known = credentials.lookup(first["AccessKeyId"] ?? "");
    assert.equal(known?.secret, first["SecretAccessKey"]);
    assert.equal(known?.token, first["Token"]);
    assert.equal(known?.principal.kind === "role" && known.principal.name, "web");
    assert.deepEqual(await read(START + 49 * 60_000), first);
    const second = await read(START + 51 * 60_000);
    assert.notEqual(second["AccessKeyId"], first["AccessKeyId"]);
    assert.ok(credentials.lookup(first["AccessKeyId"] ?? ""), "the old ones go on working");
  });

  it("renews short-lived credentials at half of their life", async () => {
    const { imds } = host("web", 10_000);
    const read = (now: number) => get(imds, `${CREDENTIALS}web`, now);
    const first = await read(START);
    assert.equal(await read(START + 4000), first);
    assert.notEqual(await read(START + 6000), first);
  });
});

describe("the sandbox's IMDS, through the AWS SDK", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox({ role: "web" });
  });
  after(() => sandbox.close());

  async function credentialsAt(endpoint: URL) {
    process.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = endpoint.href;
    try {
      return await fromInstanceMetadata({ ec2MetadataV1Disabled: true, maxRetries: 0 })();
    } finally {
      delete process.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"];
    }
  }

  it("gives each host the credentials of its own role", async () => {
    const other = await sandbox.addInstance("db");
    assert.equal(roleOf(await credentialsAt(sandbox.endpoints.imds)), "web");
    assert.equal(roleOf(await credentialsAt(other)), "db");
  });

  it("gives a host without a role none", async () => {
    await assert.rejects(credentialsAt(await sandbox.addInstance()));
  });

  function roleOf({ accessKeyId }: { readonly accessKeyId: string }): string | undefined {
    const principal = sandbox.credentials.lookup(accessKeyId)?.principal;
    return principal?.kind === "role" ? principal.name : undefined;
  }
});
