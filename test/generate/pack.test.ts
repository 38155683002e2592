import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import { generate } from "../../agent/generate/deployment.ts";
import { readTemplates } from "../../agent/generate/templates.ts";
import type { AccessMap } from "../../agent/map/access-map.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { realisticMap } from "../support/deployments.ts";
import { largeMap, largeMapText } from "../support/large-maps.ts";

const templates = readTemplates();
const TAKEN_BY_AWS = 20_480;

function policyOf(map: AccessMap, sizes?: number): string {
  return JSON.stringify(generate(map, templates, { sizes }).deployment.buckets[0]?.policy);
}

describe("a bucket policy that does not fit", () => {
  it("is put in its plain form where that fits", () => {
    assert.deepEqual(generate(realisticMap, templates).packing, []);
  });

  it("is shortened step by step, each only as far as needed", () => {
    const map = largeMap({ roles: 20, groups: 10, protection: "sse-kms" });
    const whole = policyOf(map, 1_000_000).length;
    const seen = [whole - 1, whole - 4000, whole - 8000, whole - 9600].map((sizes) => {
      const [packing] = generate(map, templates, { sizes }).packing;
      assert.ok(packing !== undefined && packing.to <= sizes, `${packing?.to} of ${sizes}`);
      assert.deepEqual(packing.unread, []);
      return packing.steps.length;
    });
    assert.deepEqual(
      seen,
      seen.toSorted((one, other) => one - other),
    );
    assert.deepEqual([...new Set(seen)], [1, 2, 3]);
  });

  it("leaves nothing out that the map does not accept", () => {
    const map = largeMap({ roles: 100, groups: 50 });
    assert.throws(
      () => generate(map, templates),
      (error: unknown) =>
        error instanceof PosternError &&
        error.code === "TooLarge" &&
        (error.hint ?? "").startsWith(
          "write accept: [fewer-layers] into the map; or add further_buckets: { acme-secrets-2: {}, acme-secrets-3: {}, acme-secrets-4: {} } to the map; ",
        ),
    );
  });

  it("leaves out no more than needed, always in the same order", () => {
    const map = largeMap({ roles: 30, groups: 20, accepts: true });
    const seen = [18_000, 17_500, 17_000, 16_500, 16_000, 15_500, 15_000].map((sizes) => {
      const [packing] = generate(map, templates, { sizes }).packing;
      assert.ok(packing !== undefined && packing.to <= sizes);
      return packing.unread;
    });
    for (const [at, unread] of seen.slice(1).entries())
      assert.deepEqual(unread.slice(0, seen[at]?.length), seen[at]);
    const counts = new Set(seen.map(({ length }) => length));
    assert.ok(counts.size > 3, [...counts].join());
  });

  it("keeps what denies reading where no key separates the groups", () => {
    const map = largeMap({ roles: 100, groups: 50, accepts: true, protection: "s3" });
    assert.throws(() => generate(map, templates), /in its shortest form/);
    const bucketKey = { ...realisticMap.home, bucketKey: true };
    const some = generate(
      { ...realisticMap, home: bucketKey, replicas: [], accepted: ["fewer-layers"] },
      templates,
      { sizes: policyOf(realisticMap).length - 2400 },
    );
    assert.deepEqual(some.packing[0]?.unread.includes("tls" as never), false);
  });

  it("says what stands in the way of 200 groups", () => {
    const map = largeMap({ roles: 100, groups: 200, accepts: true });
    assert.throws(
      () => generate(map, templates),
      (error: unknown) =>
        error instanceof PosternError &&
        /expected at most 18432 bytes, got 4\d{4} in its shortest form/.test(error.message) &&
        /^add further_buckets: .*; even then, policy of key .*: give some of its groups another key$/.test(
          error.hint ?? "",
        ),
    );
  });

  it("makes 100 roles and 50 sealed groups fit", () => {
    const map = largeMap({ roles: 100, groups: 50, accepts: true });
    const { deployment, packing } = generate(map, templates);
    assert.ok(JSON.stringify(deployment.buckets[0]?.policy).length <= TAKEN_BY_AWS);
    assert.equal(packing[0]?.steps.length, 5);
  });

  for (const [why, size] of [
    ["60 groups of 60 roles", { roles: 60, groups: 60, protection: "s3" }],
    [
      "50 groups under SSE-KMS, which has a rule a key",
      { roles: 100, groups: 50, accepts: true, protection: "sse-kms" },
    ],
  ] as const)
    it(`says in which further buckets ${why} fit, and with these lines they do`, () => {
      const text = largeMapText(size);
      const map = parseMap(asAdvised(text, hintOf(text)), "advised.yaml");
      const { deployment } = generate(map, templates);
      assert.ok(deployment.buckets.length > 1);
      for (const { policy } of deployment.buckets)
        assert.ok(JSON.stringify(policy).length <= TAKEN_BY_AWS);
    });

  it("says what further buckets need so that groups are encrypted and replicated as before", () => {
    const key = "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-000000000000";
    const home = { type: "kms", key, oldKey: undefined } as never;
    const large = largeMap({ roles: 60, groups: 60, protection: "s3" });
    const replica = { ...large.home, bucket: "acme-secrets-west", of: large.home.bucket };
    const map: AccessMap = {
      ...large,
      home: { ...large.home, bucketKey: true, defaultEncryption: home },
      replicas: [{ ...replica, path: ["replicas", 0], region: "us-west-2" } as never],
    };
    const hint = hintOf(map);
    assert.ok(
      hint.includes(
        `acme-secrets-2: { bucket_key: true, default_encryption: { type: kms, key: "${key}" } }`,
      ),
      hint,
    );
    assert.match(hint, /and to replicas one with of: acme-secrets-2 in us-west-2, /);
  });

  it("keeps the groups of a host in one bucket, since a host's configuration has one", () => {
    const text = largeMapText({ roles: 60, groups: 60, protection: "s3" });
    const hint = hintOf(text);
    const map = parseMap(asAdvised(text, hint), "advised.yaml");
    for (const { name } of map.principals.filter(({ kind }) => kind === "ec2")) {
      const read = map.groups.filter(({ readers }) => readers.includes(name));
      assert.equal(new Set(read.map(({ bucket }) => bucket)).size, 1, name);
    }
    assert.doesNotMatch(hint, /configuration/);
    const watched = text
      .replace("principals:\n", "principals:\n  watch: { kind: ec2 }\n")
      .replaceAll("readers: [", "readers: [watch, ");
    assert.match(hintOf(watched), /; hosts of watch then need a configuration for each bucket/);
    assert.doesNotThrow(() =>
      generate(parseMap(asAdvised(watched, hintOf(watched)), "advised.yaml"), templates),
    );
  });

  it("names buckets that the map does not have yet", () => {
    const text = largeMapText({ roles: 60, groups: 60, protection: "s3" })
      .replace("keys:\n", "further_buckets: { acme-secrets-2: {} }\nkeys:\n")
      .replace("  app-000:\n", "  app-000:\n    bucket: acme-secrets-2\n");
    const advised = asAdvised(text, hintOf(text));
    assert.match(advised, /acme-secrets-3: \{\}/);
    assert.doesNotThrow(() => generate(parseMap(advised, "advised.yaml"), templates));
  });
});

function hintOf(given: string | AccessMap): string {
  const map = typeof given === "string" ? parseMap(given, "large.yaml") : given;
  try {
    generate(map, templates);
  } catch (error) {
    assert.ok(error instanceof PosternError && error.code === "TooLarge", String(error));
    return error.hint ?? "";
  }
  return assert.fail("it fits");
}

/** The text with the lines that the last of the ways in a hint has. */
function asAdvised(text: string, hint: string): string {
  const way = hint.split("; or ").at(-1) ?? "";
  const [, buckets = ""] = /further_buckets: \{ (.*?) \} to the map/.exec(way) ?? [];
  const lines = [...way.matchAll(/(bucket: \S+) to ([^;]+)/g)];
  assert.ok(buckets !== "" && lines.length > 0, hint);
  const moved = lines.reduce(
    (whole, [, line = "", names = ""]) =>
      names
        .split(", ")
        .reduce((one, name) => one.replace(`\n  ${name}:\n`, `$&    ${line}\n`), whole),
    text,
  );
  return moved.includes("further_buckets: {")
    ? moved.replace("further_buckets: {", `$& ${buckets},`)
    : moved.replace("keys:\n", `further_buckets: { ${buckets} }\nkeys:\n`);
}
