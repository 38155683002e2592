import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import { generate, generateDeployment } from "../../agent/generate/deployment.ts";
import { deploymentFiles, INDEX, sha256 } from "../../agent/generate/files.ts";
import { readDeployment } from "../../agent/generate/read-files.ts";
import { readTemplates } from "../../agent/generate/templates.ts";
import type { AccessMap, Principal } from "../../agent/map/access-map.ts";
import { parseMap } from "../../agent/map/parse.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import { parsePolicy } from "../../agent/policy/document.ts";
import { ACME, REPLICA } from "../support/access-maps.ts";
import { furtherMap, REALISTIC, realistic, realisticMap } from "../support/deployments.ts";
import { root } from "../support/root.ts";

const files = deploymentFiles(realistic);

/** Every list and mapping of the map the other way round, but for the replicas, whose order is failover's. */
function reversed(map: AccessMap): AccessMap {
  const back = <Value>(list: readonly Value[]): readonly Value[] => list.toReversed();
  const target = <One extends AccessMap["home"]>(one: One): One => ({
    ...one,
    keys: new Map([...one.keys].toReversed()),
    endpoints: back(one.endpoints),
  });
  const principal = (one: Principal): Principal => ({
    ...one,
    ...(one.kind === "ec2" ? { withPolicies: back(one.withPolicies) } : {}),
    ...(one.kind === "oidc" ? { subjects: back(one.subjects) } : {}),
    ...(one.kind === "human" ? { trusted: back(one.trusted) } : {}),
    network:
      one.network.kind === "any"
        ? one.network
        : { ...one.network, vpces: back(one.network.vpces), cidrs: back(one.network.cidrs) },
  });
  return {
    ...map,
    home: target(map.home),
    further: back(map.further).map(target),
    replicas: map.replicas.map(target),
    groups: back(map.groups).map((group) => ({
      ...group,
      reach:
        group.reach.kind === "only"
          ? { ...group.reach, names: back(group.reach.names) }
          : group.reach,
      readers: back(group.readers),
      publishers: back(group.publishers),
    })),
    principals: back(map.principals).map(principal),
    hosts: back(map.hosts),
    deployers: back(map.deployers),
    breakGlass: back(map.breakGlass),
    auditors: back(map.auditors),
  };
}

/** All files in one, each below its path: a reviewer sees a change of the generator as one diff. */
function textOf(map: AccessMap): string {
  return deploymentFiles(generateDeployment(map))
    .map((file) => `==> ${file.path} <==\n${file.text}`)
    .join("\n");
}

describe("what is generated of a map", () => {
  for (const [name, map] of [
    ["realistic", realisticMap],
    ["further", furtherMap],
  ] as const) {
    const golden = join(root, `test/cases/map/${name}.expected`);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, textOf(map));

    it(`is what was reviewed: ${name}`, () => {
      assert.equal(textOf(map), readFileSync(golden, "utf8"));
    });

    it(`has the same bytes whatever the order of the map: ${name}`, () => {
      assert.equal(textOf(reversed(map)), textOf(map));
      assert.notDeepEqual(reversed(map).groups, map.groups);
    });
  }

  it("comes back from its files", () => {
    assert.deepEqual(readDeployment(files), realistic);
  });

  it("is listed in its index with each file's digest", () => {
    const index = JSON.parse(files.find(({ path }) => path === INDEX)?.text ?? "") as {
      readonly documents: readonly { readonly path: string; readonly sha256: string }[];
    };
    const listed = new Map(index.documents.map((one) => [one.path, one.sha256]));
    const others = files.filter(({ path }) => path !== INDEX);
    assert.equal(listed.size, others.length);
    for (const { path, text } of others) assert.equal(listed.get(path), sha256(text), path);
  });

  it("has a statement once that a reader and a publisher need alike, for both", () => {
    const { provenance } = generate(realisticMap, readTemplates());
    const opening = provenance.filter(
      ({ file, sid }) =>
        file.startsWith("permission-sets/SecretsOps/") && /^(Decrypt|Open)Db$/.test(sid),
    );
    assert.deepEqual(
      opening.map(({ from }) => from.map((path) => path.join("."))),
      [["groups.db.readers", "groups.db.publishers.ops"]],
    );
  });

  it("says of each statement which line of the map it is there for", () => {
    const { deployment, provenance } = generate(realisticMap, readTemplates());
    const statements = policiesOf(deployment).filter(({ kind }) => kind !== "trust");
    const sids = statements.flatMap(({ document }) => sidsOf(document));
    assert.deepEqual(provenance.map(({ sid }) => sid).toSorted(), sids.toSorted());
    const lines = REALISTIC.split("\n");
    const read = provenance.find(({ sid }) => sid === "DenyOutsideNetworkAlice");
    const [path = []] = read?.from ?? [];
    assert.match(lines[realisticMap.lineOf(path) - 1] ?? "", /alice: .*network/);
    for (const { from } of provenance) assert.ok(from.length > 0);
  });
});

interface Document {
  readonly name: string;
  readonly kind: "resource" | "identity" | "trust" | "endpoint";
  readonly document: Readonly<Record<string, unknown>>;
}

function policiesOf({ buckets, keys, identities, endpoints }: Deployment): readonly Document[] {
  const named = (
    name: string,
    kind: Document["kind"],
    document: Document["document"] | undefined,
  ): readonly Document[] => (document === undefined ? [] : [{ name, kind, document }]);
  return [
    ...buckets.flatMap(({ name, policy }) => named(name, "resource", policy)),
    ...keys.flatMap(({ arn, policy }) => named(arn, "resource", policy)),
    ...identities.flatMap(({ arn, trust, policies }) => [
      ...named(`${arn} trust`, "trust", trust),
      ...policies.flatMap(({ document }) => named(arn, "identity", document)),
    ]),
    ...endpoints.flatMap(({ id, policy }) => named(id, "endpoint", policy)),
  ];
}

function sidsOf(document: Document["document"]): readonly string[] {
  const statements = document["Statement"];
  assert.ok(Array.isArray(statements));
  return (statements as readonly { readonly Sid?: unknown }[]).map(({ Sid }) => String(Sid));
}

const acme = generateDeployment(parseMap(ACME, "acme.yaml"));
const replicated = generateDeployment(parseMap(ACME + REPLICA, "acme.yaml"));

for (const [name, deployment] of [
  ["a realistic map", realistic],
  ["a map without replicas", acme],
  ["a map with a replica", replicated],
] as const)
  describe(`the documents of ${name}`, () => {
    for (const { name: of, kind, document } of policiesOf(deployment))
      it(`are sound: ${of}`, () => {
        const policy = parsePolicy(document, kind, of);
        assert.equal(policy.version, "2012-10-17");
        assert.doesNotMatch(JSON.stringify(document), /\{\{/);
        const sids = sidsOf(document);
        for (const sid of sids) assert.match(sid, /^[A-Za-z0-9]{1,64}$/);
        assert.equal(new Set(sids).size, sids.length);
      });
  });

describe("a bucket's settings", () => {
  it("shut out the public and ACLs, and keep every version", () => {
    for (const { settings } of realistic.buckets) {
      assert.equal(settings.publicAccessBlocked, true);
      assert.equal(settings.ownership, "BucketOwnerEnforced");
      assert.equal(settings.versioning, "Enabled");
    }
    assert.deepEqual(realistic.buckets[1]?.settings.encryption, {
      algorithm: "aws:kms",
      key: "arn:aws:kms:us-west-2:111122223333:key/55555555-5555-5555-5555-555555555555",
      bucketKey: true,
    });
  });

  it("turn the Bucket Key on that the policies count on, whatever the default encryption", () => {
    const text = ACME.replace("bucket: acme-secrets\n", "bucket: acme-secrets\nbucket_key: true\n");
    const [home] = generateDeployment(parseMap(text, "acme.yaml")).buckets;
    assert.deepEqual(home?.settings.encryption, {
      algorithm: "AES256",
      key: undefined,
      bucketKey: true,
    });
    const keys = generateDeployment(parseMap(text, "acme.yaml")).keys;
    assert.ok(JSON.stringify(keys).includes('"arn:aws:s3:::acme-secrets"'));
  });
});

describe("a map that is too large", () => {
  /** Many groups, of which each has a reader of its own, or one reader reads all. */
  const large = (amount: number, readerOf: (at: number) => string): AccessMap => {
    const numbers = Array.from({ length: amount }, (_, at) => at);
    const readers = new Set(numbers.map(readerOf));
    const text = [
      'version: 1\naccount: "111122223333"\nregion: us-east-1\nbucket: acme-secrets',
      "principals:\n  infra: { kind: existing, role: infra }",
      ...[...readers].map((name) => `  ${name}: { kind: ec2 }`),
      "groups:",
      ...numbers.map((at) => `  group-${at}: { prefix: group-${at}/, readers: [${readerOf(at)}] }`),
      "deployers: [infra]\nbreak_glass: [infra]\n",
    ].join("\n");
    return parseMap(text, "large.yaml");
  };
  const isTooLarge = (message: RegExp) => (error: unknown) =>
    error instanceof PosternError && error.code === "TooLarge" && message.test(error.message);

  it("is refused with how much too large its bucket policy is", () => {
    assert.throws(
      () => generateDeployment(large(60, (at) => `reader-${at}`)),
      isTooLarge(
        /^policy of bucket "acme-secrets": expected at most 18432 bytes, got \d+ in its shortest form, \d+ too many$/,
      ),
    );
  });

  it("takes groups of the same readers as one", () => {
    const deployment = generateDeployment(large(60, () => "reader"));
    const sids = sidsOf(deployment.buckets[0]?.policy ?? {});
    assert.equal(sids.filter((sid) => sid.startsWith("ClosedWorldRead")).length, 1);
    assert.ok(sids.includes("ClosedWorldReadGroup0Group1And58More"), sids.join());
  });
});

describe("another partition", () => {
  const text = [
    'version: 1\naccount: "111122223333"\npartition: aws-cn\nregion: cn-north-1',
    "bucket: acme-secrets\nprincipals:\n  infra: { kind: existing, role: infra }",
    "  web: { kind: ec2 }\ngroups:\n  web:\n    prefix: web/\n    readers: [web]",
    "    sse: { type: kms, key: KEY, header: required }",
    "deployers: [infra]\nbreak_glass: [infra]\n",
  ].join("\n");
  const key = "arn:aws-cn:kms:cn-north-1:111122223333:key/1";
  const deployment = generateDeployment(parseMap(text.replace("KEY", key), "cn.yaml"));

  it("is that of every ARN", () => {
    const all = deploymentFiles(deployment)
      .map((file) => file.text)
      .join("");
    assert.match(all, /arn:aws-cn:s3:::acme-secrets/);
    assert.doesNotMatch(all, /arn:aws:/);
  });

  it("has services of its own names", () => {
    const web = deployment.identities.find(({ arn }) => arn.endsWith("/web"));
    assert.match(JSON.stringify(web?.trust), /"ec2\.amazonaws\.com\.cn"/);
    assert.match(JSON.stringify(web?.policies), /"s3\.cn-north-1\.amazonaws\.com\.cn"/);
  });
});

describe("a generated role", () => {
  const byName = new Map(realistic.identities.map((one) => [one.arn.split("/").at(-1), one]));

  it("has an instance profile only where instances run under it", () => {
    const names = [...byName].filter(([, one]) => one.hasInstanceProfile).map(([name]) => name);
    assert.deepEqual(names, ["host+db", "host+tls+web+31f9f113", "web"]);
  });

  it("is kept by people for an hour", () => {
    assert.equal(byName.get("emergency")?.maxSessionSeconds, 3600);
  });

  it("has the policies that others keep beside its own", () => {
    assert.deepEqual(byName.get("web")?.foreignPolicies, [
      "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    ]);
  });

  it("is refused where more people are trusted than its trust policy holds", () => {
    const people = Array.from(
      { length: 60 },
      (_, at) => `"arn:aws:iam::111122223333:user/person-${at}"`,
    );
    const text = REALISTIC.replace(/trusted: \[.*?\]/, `trusted: [${people.join(", ")}]`);
    assert.throws(
      () => generateDeployment(parseMap(text, "large.yaml")),
      /trust policy of "emergency": expected at most 2048 characters, got \d+$/,
    );
  });
});
