/** An access map, changes that make it unsound, and what is then said. @module */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.ts";

export const ACME: string = readFileSync(join(root, "test/cases/access-map/acme.yaml"), "utf8");

/** To be added to it. */
export const REPLICA: string = `
replicas:
  - region: us-west-2
    bucket: acme-secrets-west
    keys:
      web: arn:aws:kms:us-west-2:111122223333:key/44444444-4444-4444-4444-444444444444
      db: arn:aws:kms:us-west-2:111122223333:key/55555555-5555-5555-5555-555555555555
      db-before: arn:aws:kms:us-west-2:111122223333:key/66666666-6666-6666-6666-666666666666
    endpoints:
      vpce-0aaaaaaaaaaaaaaaa: { service: s3, type: interface }
      vpce-0bbbbbbbbbbbbbbbb: { service: kms }
`;

/** Statements of others, to be added to it. */
export const KEEP: string = `
keep:
  bucket:
    - Sid: Inventory
      Effect: Allow
      Principal: { Service: s3.amazonaws.com }
      Action: s3:PutObject
      Resource: arn:aws:s3:::acme-secrets/inventory/*
      Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } }
  keys:
    db: [{ Effect: Allow, Principal: { AWS: "111122223333" }, Action: "kms:Get*", Resource: "*" }]
  roles:
    legacy: [{ Effect: Allow, Action: "sqs:*", Resource: "*" }]
`;

/** A further bucket with a group, a replica and a kept statement of its own, to be added to it. */
const FURTHER: string = `
further_buckets:
  acme-secrets-2: { default_encryption: { type: s3 } }
keep:
  further_buckets:
    acme-secrets-2: [{ Effect: Deny, Principal: "*", Action: "s3:PutBucket*", Resource: "*" }]
`;

/** The map with it, of which group api lies there. */
export const withFurther = (whole: string): string =>
  replaced("prefix: api/", "bucket: acme-secrets-2\n    prefix: api/")(whole) + FURTHER;

/** The map with a role of its own that looks at how buckets and keys are protected. */
export const withAuditor = (whole: string): string =>
  replaced(
    "  infra: {",
    "  drift: { kind: existing, role: drift, network: *vpc }\n  infra: {",
  )(whole) + "\nauditors: [drift]\n";

export type Row = readonly [why: string, change: (text: string) => string, expected: RegExp];

export const replaced =
  (from: string, to: string) =>
  (whole: string): string => {
    assert.ok(whole.includes(from), `the map has no ${from}`);
    return whole.replace(from, to);
  };

export const ROWS: readonly Row[] = [
  [
    "a key it does not know",
    replaced("deployers:", "deployer:"),
    /expected a known key, got "deployer"; did you mean "deployers"\?/,
  ],
  ["no deployer", replaced("deployers: [infra]\n", ""), /deployers: expected this key to be set/],
  [
    "no way in when all is locked",
    replaced("break_glass: [emergency]", "break_glass: []"),
    /break_glass: expected at least one entry/,
  ],
  [
    "a reader that is no principal",
    replaced("[web, legacy, partner]", "[web, legaci]"),
    /^\d+:\d+: groups\.web\.readers\[1\]: expected one of principals, got "legaci"; did you mean "legacy"\?$/,
  ],
  [
    "a publisher that is no principal",
    replaced("{ ci: write }", "{ cy: write }"),
    /publishers\.cy: expected one of principals, got "cy"/,
  ],
  [
    "a level that is none",
    replaced("{ ci: write }", "{ ci: rite }"),
    /expected write or edit or restore, got "rite"; did you mean "write"\?/,
  ],
  [
    "a kind that is none",
    replaced("kind: ec2", "kind: ec3"),
    /principals\.web\.kind: expected ec2 or .* got "ec3"; did you mean "ec2"\?/,
  ],
  [
    "a principal without its kind's word",
    replaced("kind: user, user: people/alice", "kind: user"),
    /principals\.alice\.user: expected this key to be set/,
  ],
  [
    "a word of another kind",
    replaced("    kind: ec2\n", "    kind: ec2\n    role: x\n"),
    /principals\.web\.role: expected one of kind, network, with_policies/,
  ],
  [
    "a prefix without its slash",
    replaced("prefix: web/", "prefix: web"),
    /groups\.web\.prefix: expected it to end in "\/", got "web"; write "web\/"/,
  ],
  [
    "a wildcard in a prefix",
    replaced("prefix: web/", "prefix: w*b/"),
    /groups\.web\.prefix: expected letters, digits/,
  ],
  [
    "a variable in a prefix",
    replaced("prefix: web/", 'prefix: "${aws:username}/"'),
    /groups\.web\.prefix: expected letters, digits/,
  ],
  [
    "a wildcard in a secret's name",
    replaced("[site.crt, site.key]", '["site.*"]'),
    /only\[0\]: expected letters, digits/,
  ],
  [
    "a wildcard in a role",
    replaced("role: app/legacy", 'role: "app/*"'),
    /principals\.legacy\.role: expected a name with its path/,
  ],
  [
    "a wildcard in a context",
    replaced("{ app: api }", '{ app: "*" }'),
    /context\.app: expected a value without "\*"/,
  ],
  [
    "a context of postern's own",
    replaced("{ app: api }", '{ "postern:group": api }'),
    /expected a name of letters/,
  ],
  [
    "one group inside another",
    replaced("prefix: tls/", "prefix: web/tls/"),
    /groups\.tls\.prefix: expected objects of its own, got "web\/tls\/", which overlaps with "web\/" of web/,
  ],
  [
    "a bundle inside a group",
    replaced("bundle: db.bundle", "bundle: web/db.bundle"),
    /groups\.db\.bundle: expected objects of its own/,
  ],
  [
    "groups that differ by case alone",
    replaced("  db:\n    bundle", "  WEB:\n    bundle"),
    /expected names that differ by more than case/,
  ],
  [
    "neither prefix nor bundle",
    replaced("    prefix: tls/\n    only: [site.crt, site.key]\n", ""),
    /groups\.tls: expected prefix or bundle, got neither/,
  ],
  [
    "both prefix and bundle",
    replaced("bundle: db.bundle", "bundle: db.bundle\n    prefix: db/"),
    /groups\.db\.bundle: expected prefix or bundle, got both/,
  ],
  [
    "a bundle that is not sealed",
    replaced("    seal: { mode: envelope, key: db, old_key: db-before }\n", ""),
    /groups\.db\.seal: expected mode envelope, which every bundle is sealed in, got none/,
  ],
  [
    "a key that has no name",
    replaced("key: db, old_key: db-before", "key: dbx, old_key: db-before"),
    /groups\.db\.seal\.key: expected a key ARN or a name of keys, got "dbx"; did you mean "db"\?/,
  ],
  [
    "a key of another region",
    replaced("db: arn:aws:kms:us-east-1", "db: arn:aws:kms:us-east-2"),
    /expected a key of region us-east-1/,
  ],
  [
    "a key of another account",
    replaced("db: arn:aws:kms:us-east-1:111122223333", "db: arn:aws:kms:us-east-1:444455556666"),
    /expected a key of account 111122223333/,
  ],
  [
    "encryption by default that the bucket does not have",
    replaced("header: required", "header: default"),
    /groups\.web\.sse: expected header: required, or a default_encryption/,
  ],
  [
    "S3's own encryption where the bucket's default is another",
    (whole) =>
      replaced(
        "prefix: api/",
        "prefix: api/\n    sse: { type: s3 }",
      )(replaced("{ type: s3 }", "{ type: kms, key: web }")(whole)),
    /groups\.api\.sse: expected header: required, or .* got kms under/,
  ],
  [
    "a Bucket Key over groups of different readers",
    (whole) =>
      replaced(
        "bucket: acme-secrets\n",
        "bucket: acme-secrets\nbucket_key: true\n",
      )(
        replaced(
          "only: [site.crt, site.key]",
          "only: [site.crt, site.key]\n    sse: { type: kms, key: web, header: required }",
        )(whole),
      ),
    /groups\.tls\.sse\.key: expected a key of its own with bucket_key/,
  ],
  [
    "the same with the Bucket Key of a replica",
    (whole) =>
      replaced(
        "only: [site.crt, site.key]",
        "only: [site.crt, site.key]\n    sse: { type: kms, key: web, header: required }",
      )(whole) +
      replaced(
        "bucket: acme-secrets-west",
        "bucket: acme-secrets-west\n    bucket_key: true",
      )(REPLICA),
    /groups\.tls\.sse\.key: expected a key of its own with bucket_key/,
  ],
  [
    "a Bucket Key that opens what is written and not read, though it is accepted",
    (whole) =>
      replaced(
        "bucket: acme-secrets\n",
        "bucket: acme-secrets\nbucket_key: true\naccept: [bucket-key]\n",
      )(
        replaced(
          "only: [site.crt, site.key]",
          "only: [site.crt, site.key]\n    sse: { type: kms, key: web, header: required }",
        )(whole),
      ),
    /groups\.tls\.publishers\.ci: expected level edit, or a key of its own with bucket_key, got write under the key of web/,
  ],
  [
    "a region of another partition",
    replaced("region: us-east-1\n", "region: cn-north-1\n"),
    /region: expected a region of partition aws, got "cn-north-1", which is of aws-cn/,
  ],
  [
    "somebody of another partition who is let in",
    replaced(
      '["arn:aws:iam::111122223333:user/people/alice"]',
      '["arn:aws-cn:iam::111122223333:user/people/alice"]',
    ),
    /principals\.emergency\.trusted\[0\]: expected partition aws, got/,
  ],
  [
    "a deployer of another account",
    replaced("deployers: [infra]", "deployers: [infra, partner]"),
    /deployers\[1\]: expected a principal of account 111122223333, got partner of another/,
  ],
  [
    "break-glass of another account",
    replaced("break_glass: [emergency]", "break_glass: [emergency, partner]"),
    /break_glass\[1\]: expected a principal of account 111122223333, got partner of another/,
  ],
  [
    "a role of another account as one's own",
    replaced("role: app/legacy", "role: arn:aws:iam::444455556666:role/legacy"),
    /expected account 111122223333, got .*; a role of another account has kind foreign/,
  ],
  [
    "one's own role as foreign",
    replaced("444455556666:role/partner", "111122223333:role/partner"),
    /expected a role of another account/,
  ],
  [
    "one role as two principals",
    replaced("role: app/legacy", "role: infra"),
    /expected another role or user than legacy's/,
  ],
  [
    "a network that is none",
    replaced("{ cidr: [203.0.113.0/24] }", "{}"),
    /network: expected vpce, cidr or both, got neither/,
  ],
  [
    "an address range that is none",
    replaced("203.0.113.0/24", "203.0.113.0/33"),
    /expected an address range/,
  ],
  [
    "a guard against stolen credentials without an endpoint",
    replaced("  vpce-0123456789abcdef0: { service: s3, include_aws_owned: true }\n", ""),
    /stolen_credentials: expected an S3 endpoint/,
  ],
  [
    "the same for sealed groups and KMS",
    replaced("  vpce-0fedcba9876543210: { service: kms }\n", ""),
    /stolen_credentials: expected a KMS endpoint/,
  ],
  [
    "a host of a group that is none",
    replaced("{ groups: [web, tls]", "{ groups: [web, tsl]"),
    /hosts\.frontend\.groups\[1\]: expected one of groups, got "tsl"; did you mean "tls"\?/,
  ],
  [
    "hosts of one role with different needs",
    (whole) =>
      replaced(
        "frontend-2: { groups: [tls, web]",
        "frontend-2: { as: fe, groups: [tls]",
      )(
        replaced("frontend: { groups: [web, tls]", "frontend: { as: fe, groups: [web, tls]")(whole),
      ),
    /expected the same needs as frontend/,
  ],
  [
    "a host named as a principal",
    replaced("  frontend: {", "  web: {"),
    /hosts\.web: expected a name that no principal has/,
  ],
  [
    "an expectation that is no sentence",
    replaced("web may not read db.bundle", "web cannot read db.bundle"),
    /expect\[1\]: expected "NAME may \[not\] read .*, got "web cannot read/,
  ],
  [
    "an expectation of nobody",
    replaced("- web may read web/*", "- wep may read web/*"),
    /expect\[0\]: expected a principal or host first, got "wep"/,
  ],
  [
    "a subject that anybody's would match",
    replaced('"repo:acme/secrets:ref:refs/heads/main"', '"*"'),
    /subjects\[0\]: expected a subject/,
  ],
  [
    "a replica without a key",
    (whole) => whole + replaced("      db: arn", "      dx: arn")(REPLICA),
    /replicas\[0\]\.keys: expected the key of us-west-2 for/,
  ],
  [
    "a replica that no guarded host could reach",
    (whole) => whole + replaced("{ service: s3, type: interface }", "{ service: s3 }")(REPLICA),
    /replicas\[0\]: expected an interface endpoint of us-west-2 for s3/,
  ],
  [
    "a reader that could not reach a replica through its network",
    (whole) =>
      replaced("        - vpce-0aaaaaaaaaaaaaaaa\n        - vpce-0bbbbbbbbbbbbbbbb\n", "")(whole) +
      REPLICA,
    /principals\.web\.network: expected an endpoint of us-west-2 among vpce \(vpce-0aaaaaaaaaaaaaaaa\)/,
  ],
  [
    "a kept statement without an effect",
    (whole) => whole + replaced("Effect: Allow\n", "Effect: Alow\n")(KEEP),
    /keep\.bucket\[0\]: Effect: expected "Allow" or "Deny", got "Alow"/,
  ],
  [
    "a kept statement with an operator that is none",
    (whole) => whole + replaced("StringEquals", "StringEqual")(KEEP),
    /keep\.bucket\[0\]: Condition\.StringEqual: .* did you mean "StringEquals"\?/,
  ],
  [
    "a kept statement of a role that says whom it is about",
    (whole) =>
      whole +
      replaced("{ Effect: Allow, Action:", '{ Effect: Allow, Principal: "*", Action:')(KEEP),
    /keep\.roles\.legacy\[0\]: Principal: no element of a identity policy/,
  ],
  [
    "a kept statement that is none",
    (whole) => `${whole}\nkeep: { bucket: [Inventory] }\n`,
    /keep\.bucket\[0\]: expected a statement of a policy/,
  ],
  [
    "kept statements of nobody",
    (whole) => whole + replaced("    legacy:", "    legaci:")(KEEP),
    /keep\.roles\.legaci: expected one of principals, got "legaci"/,
  ],
  [
    "kept statements of a key that has no name",
    (whole) => whole + replaced("    db: [", "    dc: [")(KEEP),
    /keep\.keys\.dc: expected a key ARN or a name of keys, got "dc"/,
  ],
  [
    "kept statements of one key twice",
    (whole) =>
      whole +
      replaced(
        "  roles:",
        '    arn:aws:kms:us-east-1:111122223333:key/22222222-2222-2222-2222-222222222222: [{ Effect: Deny, Principal: "*", Action: "kms:Get*", Resource: "*" }]\n  roles:',
      )(KEEP),
    /expected each key once, got it again/,
  ],
  [
    "kept statements of a key that nothing is under",
    (whole) =>
      whole +
      replaced(
        "    db: [",
        "    arn:aws:kms:us-east-1:111122223333:key/99999999-9999-9999-9999-999999999999: [",
      )(KEEP),
    /keep\.keys: expected keys that groups are under/,
  ],
  [
    "a group in a bucket that is none",
    (whole) => replaced("bucket: acme-secrets-2\n", "bucket: acme-secrets-3\n")(withFurther(whole)),
    /groups\.api\.bucket: expected bucket or one of further_buckets, got "acme-secrets-3"; did you mean/,
  ],
  [
    "a further bucket in which no group lies",
    (whole) => whole + FURTHER,
    /further_buckets\.acme-secrets-2: expected groups that lie in it, got none/,
  ],
  [
    "the home bucket as a further one",
    (whole) => withFurther(whole).replaceAll("acme-secrets-2", "acme-secrets"),
    /further_buckets\.acme-secrets: expected each bucket once, got "acme-secrets" again/,
  ],
  [
    "a further bucket without a name of a bucket",
    (whole) => withFurther(whole).replaceAll("acme-secrets-2", "Acme"),
    /further_buckets\.Acme: .*expected/,
  ],
  [
    "a further bucket with a region of its own",
    (whole) =>
      replaced(
        "{ default_encryption:",
        "{ region: us-west-2, default_encryption:",
      )(withFurther(whole)),
    /further_buckets\.acme-secrets-2\.region: expected one of bucket_key, default_encryption/,
  ],
  [
    "a further bucket with a default encryption that its groups do not have",
    (whole) =>
      replaced(
        "prefix: api/",
        "prefix: api/\n    sse: { type: kms, key: web, header: default }",
      )(withFurther(whole)),
    /groups\.api\.sse: expected header: required, or a default_encryption/,
  ],
  [
    "a further bucket with a default key that is none",
    (whole) =>
      replaced(
        "acme-secrets-2: { default_encryption: { type: s3 }",
        "acme-secrets-2: { default_encryption: { type: kms }",
      )(withFurther(whole)),
    /further_buckets\.acme-secrets-2\.default_encryption: expected key with type kms, got none/,
  ],
  [
    "a home bucket in which no group lies",
    (whole) =>
      withFurther(
        whole
          .replaceAll(
            /^  (web|tls|db|api):$(?=\n    (prefix|bundle))/gm,
            "$&\n    bucket: acme-secrets-2",
          )
          .replace("    bucket: acme-secrets-2\n    prefix: api/", "    prefix: api/"),
      ),
    /: bucket: expected groups that lie in it, got none/,
  ],
  [
    "groups of one prefix in different buckets",
    (whole) => replaced("prefix: api/", "prefix: web/api/")(withFurther(whole)),
    /groups\.api\.prefix: expected objects of its own, got "web\/api\/", which overlaps with "web\/" of web/,
  ],
  [
    "a replica of a bucket that is none",
    (whole) => whole + replaced("- region:", "- of: acme-secrets-2\n    region:")(REPLICA),
    /replicas\[0\]\.of: expected bucket or one of further_buckets, got "acme-secrets-2"/,
  ],
  [
    "a replica of a further bucket without a key",
    (whole) =>
      withFurther(whole) +
      replaced(
        "- region:",
        "- of: acme-secrets-2\n    region:",
      )(REPLICA).replace(
        / {4}keys:\n( {6}.*\n)+/,
        "    keys: { web: arn:aws:kms:us-west-2:111122223333:key/44444444-4444-4444-4444-444444444444 }\n",
      ),
    /replicas\[0\]\.keys: expected the key of us-west-2 for/,
  ],
  [
    "a bucket that is a replica as well",
    (whole) => withFurther(whole) + replaced("acme-secrets-west", "acme-secrets-2")(REPLICA),
    /replicas\[0\]\.bucket: expected each bucket once, got "acme-secrets-2" again/,
  ],
  [
    "an endpoint of two regions",
    (whole) => whole + replaced("vpce-0bbbbbbbbbbbbbbbb", "vpce-0fedcba9876543210")(REPLICA),
    /replicas\[0\]\.endpoints\.vpce-0fedcba9876543210: expected the same of vpce-0fedcba9876543210 as for acme-secrets/,
  ],
  [
    "kept statements of a bucket that is none",
    (whole) =>
      `${whole}\nkeep: { further_buckets: { acme-secrets-2: [{ Effect: Deny, Principal: "*", Action: "s3:*", Resource: "*" }] } }\n`,
    /keep\.further_buckets\.acme-secrets-2: expected one of further_buckets, got "acme-secrets-2"/,
  ],
  [
    "a kept statement of a further bucket that is none",
    (whole) => replaced("Effect: Deny, Principal", "Effect: Dny, Principal")(withFurther(whole)),
    /keep\.further_buckets\.acme-secrets-2\[0\]: Effect: expected "Allow" or "Deny", got "Dny"/,
  ],
  [
    "an auditor that is no principal",
    (whole) => replaced("auditors: [drift]", "auditors: [drft]")(withAuditor(whole)),
    /^\d+:\d+: auditors\[0\]: expected one of principals, got "drft"; did you mean "drift"\?$/,
  ],
  [
    "an auditor that reads",
    (whole) => `${whole}\nauditors: [legacy]\n`,
    /^\d+:\d+: auditors\[0\]: expected a principal that does nothing else, got legacy, which reads web; add a role of its own to principals and name that$/,
  ],
  [
    "an auditor that publishes",
    (whole) => replaced("auditors: [drift]", "auditors: [drift, alice]")(withAuditor(whole)),
    /auditors\[1\]: expected a principal that does nothing else, got alice, which publishes db;/,
  ],
  [
    "an auditor that deploys",
    (whole) => `${whole}\nauditors: [infra]\n`,
    /auditors\[0\]: .*got infra, which is one of deployers;/,
  ],
  [
    "an auditor that comes when all is locked",
    (whole) => `${whole}\nauditors: [emergency]\n`,
    /auditors\[0\]: .*got emergency, which is one of break_glass;/,
  ],
  [
    "an auditor of another account",
    (whole) =>
      replaced(
        "{ kind: existing, role: drift, network: *vpc }",
        '{ kind: foreign, role: "arn:aws:iam::444455556666:role/drift" }',
      )(withAuditor(whole)),
    /auditors\[0\]: expected a principal of account 111122223333, got drift of another, to which AWS shows no policy/,
  ],
  [
    "an auditor that could not reach a replica through its network",
    (whole) =>
      replaced(
        "role: drift, network: *vpc",
        "role: drift, network: { vpce: [vpce-0123456789abcdef0] }",
      )(withAuditor(whole)) + REPLICA,
    /principals\.drift\.network: expected an endpoint of us-west-2 among vpce .* since it looks at the replica there/,
  ],
  [
    "auditors that are nobody",
    (whole) => `${whole}\nauditors: []\n`,
    /auditors: expected at least one entry/,
  ],
  ["a file that is no map", () => "- web\n", /expected a mapping, got a list/],
];
