/** Access maps of every shape: storage modes by layouts, kinds of principals, guards, replicas. */

type Json = Readonly<Record<string, unknown>>;

const key = (region: string, digit: string): string =>
  `arn:aws:kms:${region}:111122223333:key/${digit.repeat(8)}-1111-1111-1111-111111111111`;

const LAYOUTS: Readonly<Record<string, Json>> = {
  prefix: { prefix: "web/" },
  only: { prefix: "tls/", only: ["site.crt", "site.key"] },
  bundle: { bundle: "db.bundle" },
};

/** In which the map itself leaves the encryption context empty. */
export const WITHOUT_CONTEXT = "mode kms without a context";

const MODES: Readonly<Record<string, Json>> = {
  "no key": {},
  "S3's own, required": { sse: { type: "s3", header: "required" } },
  "SSE-KMS": { sse: { type: "kms", key: "one", header: "required" } },
  "SSE-KMS during a change of key": {
    sse: { type: "kms", key: "one", old_key: "two", header: "required" },
  },
  "DSSE-KMS": { sse: { type: "dsse", key: "one", header: "required" } },
  "mode kms": { seal: { mode: "kms", key: "one" } },
  "mode kms with a context of its own": {
    seal: { mode: "kms", key: "one", bind: "none", context: { team: "core" } },
  },
  [WITHOUT_CONTEXT]: { seal: { mode: "kms", key: "one", bind: "none", context: {} } },
  "mode envelope": { seal: { mode: "envelope", key: "one" } },
  "mode envelope during a reseal": { seal: { mode: "envelope", key: "one", old_key: "two" } },
  "mode envelope with a further context": {
    seal: { mode: "envelope", key: "one", context: { team: "core" } },
  },
  "mode envelope with a context of its own": {
    seal: { mode: "envelope", key: "one", bind: "none", context: { team: "core" } },
  },
  "mode envelope under SSE-KMS": {
    sse: { type: "kms", key: "two", header: "required" },
    seal: { mode: "envelope", key: "one" },
  },
};

const ADDRESSES = { cidr: ["198.51.100.0/24"] };
const ENDPOINTS = { vpce: ["vpce-0123456789abcdef0", "vpce-0aaaaaaaaaaaaaaaa"] };
const token = {
  kind: "oidc",
  provider: "token.actions.githubusercontent.com",
  subjects: ["repo:acme/secrets:ref:refs/heads/main"],
};

const KINDS: Readonly<Record<string, Json>> = {
  ec2: { kind: "ec2" },
  legacy: { kind: "existing", role: "app/legacy", instance: true },
  batch: { kind: "existing", role: "batch" },
  ops: { kind: "sso", permission_set: "Ops", region: "eu-west-1" },
  ci: token,
  release: { ...token, subjects: ["repo:acme/release:*"] },
  alice: { kind: "user", user: "people/alice" },
  tasks: { kind: "service", service: "ecs-tasks.amazonaws.com" },
  partner: { kind: "foreign", role: "arn:aws:iam::444455556666:role/partner" },
  people: { kind: "human", trusted: ["arn:aws:iam::111122223333:user/alice"] },
};

const HOME = {
  endpoints: {
    "vpce-0123456789abcdef0": { service: "s3", include_aws_owned: true },
    "vpce-0fedcba9876543210": { service: "kms" },
  },
};

const REPLICATED = {
  ...HOME,
  replicas: [
    {
      region: "us-west-2",
      bucket: "acme-secrets-west",
      keys: { one: key("us-west-2", "3"), two: key("us-west-2", "4") },
      endpoints: {
        "vpce-0aaaaaaaaaaaaaaaa": { service: "s3", type: "interface" },
        "vpce-0bbbbbbbbbbbbbbbb": { service: "kms" },
      },
    },
  ],
};

/** Whether principals have a network, and what the rest of the map is. */
const SURROUNDINGS: Readonly<Record<string, { readonly network?: Json; readonly rest: Json }>> = {
  "without guards": {
    rest: { guards: { imds_v2: false, presigned: "allow" } },
  },
  "with every guard": {
    network: ENDPOINTS,
    rest: {
      ...HOME,
      guards: { tls: "1.3", org: "o-a1b2c3d4e5", stolen_credentials: "all" },
      doctor: true,
    },
  },
  "behind addresses, with a replica": { network: ADDRESSES, rest: REPLICATED },
  "in a further bucket with a replica": {
    rest: {
      ...REPLICATED,
      further_buckets: { "acme-secrets-2": {} },
      replicas: REPLICATED.replicas.map((one) => ({ ...one, of: "acme-secrets-2" })),
    },
  },
  "behind endpoints, with a guarded replica and Bucket Keys": {
    network: ENDPOINTS,
    rest: {
      ...REPLICATED,
      bucket_key: true,
      accept: ["bucket-key"],
      guards: { org: "o-a1b2c3d4e5", stolen_credentials: "s3+kms" },
    },
  },
};

/** In the bucket of the map, beside what lies in another. */
const BESIDE = { prefix: "beside/", readers: ["ec2", "partner"], publishers: { ci: "edit" } };

/** By what it is. As JSON, which is YAML. */
export function mapShapes(): readonly (readonly [name: string, text: string])[] {
  const groups = Object.entries(LAYOUTS).flatMap(([layout, reach]) =>
    Object.entries(MODES)
      .filter(([mode]) => layout !== "bundle" || mode.startsWith("mode envelope"))
      .map(([mode, storage]) => [`${layout} under ${mode}`, { ...reach, ...storage }] as const),
  );
  const kinds = Object.keys(KINDS);
  return groups.flatMap(([name, group], at) =>
    Object.entries(SURROUNDINGS).map(([where, surroundings], turn) => {
      // each kind reads and publishes some of the shapes, at each level
      const some = (by: number): string => kinds[(at * 3 + turn + by) % kinds.length] ?? "";
      const publishers = { [some(1)]: "write", [some(2)]: "edit", [some(3)]: "restore" };
      const whole = { ...group, readers: [some(0), some(3)], publishers };
      return [`${name}, ${where}`, mapOf(whole, surroundings)] as const;
    }),
  );
}

function mapOf(
  group: Json,
  { network, rest }: { readonly network?: Json; readonly rest: Json },
): string {
  const { only: _, bundle, ...like } = group;
  const beside = bundle === undefined ? { ...like, ...BESIDE } : BESIDE;
  const groups =
    rest["further_buckets"] === undefined
      ? { it: group }
      : { it: { ...group, bucket: "acme-secrets-2" }, beside };
  const principals = Object.entries(KINDS).map(([name, one]) => [name, { ...one, network }]);
  return JSON.stringify({
    version: 1,
    account: "111122223333",
    region: "us-east-1",
    bucket: "acme-secrets",
    keys: { one: key("us-east-1", "1"), two: key("us-east-1", "2") },
    ...rest,
    principals: {
      ...Object.fromEntries(principals),
      infra: { kind: "existing", role: "infra" },
      emergency: { kind: "human", trusted: ["arn:aws:iam::111122223333:user/alice"] },
      drift: { kind: "existing", role: "drift", network },
    },
    groups,
    hosts: { host: { groups: ["it"], network } },
    deployers: ["infra"],
    break_glass: ["emergency"],
    auditors: ["drift"],
  });
}
