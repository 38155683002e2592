/** What can be wrong with a host, its role, its bucket and its keys, and what doctor says of it. */
import type { Finding } from "../../agent/doctor/finding.ts";
import { type Kernel, systemKernel } from "../../agent/doctor/kernel.ts";
import type { Authoriser, Decision } from "../../agent/sandbox/authorise.ts";
import type { Key } from "../../agent/sandbox/keys.ts";
import type { Sandbox } from "../../agent/sandbox/sandbox.ts";
import {
  type Arrangement,
  type Patient,
  putSealed,
  READS_ALL,
  TLS,
  WEB,
} from "../support/doctor.ts";

export interface Case extends Arrangement {
  /** The finding that the case is about. */
  readonly at: readonly [title: string, about: string];
  readonly kind: Finding["kind"];
  readonly found?: RegExp;
  readonly fix?: RegExp;
  /** Other findings, as "about kind" of the section. */
  readonly beside?: Readonly<Record<string, readonly string[]>>;
}

/** What the section "aws" says where all is well. */
export const AWS_OK: readonly string[] = [
  "endpoints ok",
  "metadata ok",
  "IMDSv1 ok",
  "role ok",
  "credentials ok",
  "home ok",
];

const TMPFS = 0x01021994;

const WEST = "us-west-2";
/** The config's head with a replica in another region. */
const withReplica = (sandbox: Sandbox): string =>
  `bucket: ${sandbox.bucket}\nfailover: [{ bucket: acme-west, region: ${WEST} }]`;
const TWO_REGIONS = { otherRegions: [WEST] };

export const CASES: Readonly<Record<string, Case>> = {
  "examines a replica as it does the home, and finds it sound": {
    options: TWO_REGIONS,
    arrange: (sandbox) => replicate(sandbox),
    patient: (sandbox) => ({ main: withReplica(sandbox) }),
    at: ["replica acme-west", "web: get"],
    kind: "ok",
    beside: {
      "replica acme-west": ["bucket ok", "clock ok", "web: list ok", "web: get ok"],
      "group web": ["list ok", "get ok"],
    },
  },
  "says that a replica does not hold what the home holds": {
    options: TWO_REGIONS,
    arrange: (sandbox) => sandbox.buckets.create("acme-west", { region: WEST }),
    patient: (sandbox) => ({ main: withReplica(sandbox) }),
    at: ["replica acme-west", "web: list"],
    kind: "failed",
    beside: { "group web": ["list ok", "get ok"] },
  },
  "says that there is no such replica": {
    options: TWO_REGIONS,
    patient: (sandbox) => ({ main: withReplica(sandbox) }),
    at: ["replica acme-west", "bucket"],
    kind: "failed",
    found: /no such bucket/,
  },
  "examines the replica although the home is out": {
    options: TWO_REGIONS,
    arrange: async (sandbox) => {
      await replicate(sandbox);
      sandbox.faults.add({ kind: "503", service: "s3", bucket: sandbox.bucket });
    },
    patient: (sandbox) => ({ main: withReplica(sandbox) }),
    at: ["replica acme-west", "web: get"],
    kind: "ok",
    beside: { "bucket postern-sandbox": ["bucket failed", "clock skipped"] },
  },
  "warns of a replica that opens only with the home region's KMS": {
    options: TWO_REGIONS,
    arrange: async (sandbox, key) => {
      await putSealed(sandbox, key, "web");
      await replicate(sandbox);
    },
    patient: (sandbox, key) => ({ ...sealed(key, "web"), main: withReplica(sandbox) }),
    at: ["replica acme-west", "web: keys"],
    kind: "warning",
    found: /^none in us-west-2: it opens only while KMS in us-east-1 answers$/,
    fix: /^seal it under a multi-Region key/,
  },
  "opens a replica's object with the key of its region, and not with the home's": {
    options: TWO_REGIONS,
    arrange: async (sandbox) => {
      const key = sandbox.keys.create({ region: sandbox.region, replicas: [WEST] });
      await putSealed(sandbox, key, "web");
      await replicate(sandbox);
      sandbox.setAuthoriser({
        decide: ({ resource }) =>
          resource.startsWith(`arn:aws:kms:${WEST}:`)
            ? { allowed: false, explicit: false, layer: "identity" }
            : { allowed: true },
      });
    },
    patient: (sandbox) => {
      const key = sandbox.keys.list(sandbox.region).find(({ id }) => id.startsWith("mrk-"));
      return key === undefined ? {} : { ...sealed(key, "web"), main: withReplica(sandbox) };
    },
    at: ["replica acme-west", "web: decrypt"],
    kind: "failed",
    fix: /^add kms:Decrypt on "arn:aws:kms:us-west-2:/,
    beside: { "group web": ["list ok", "get ok", "decrypt ok"] },
  },
  "names s3:ListBucket and the role when the prefix may not be listed": {
    options: { grants: [{ ...READS_ALL, list: false }] },
    at: ["group web", "list"],
    kind: "failed",
    found: /^ListObjectsV2 "s3:\/\/postern-sandbox\/web\/": denied \(AccessDenied\)$/,
    fix: /^add s3:ListBucket on "arn:aws:s3:::postern-sandbox" with s3:prefix "web\/" to role "web"; or name the objects in only/,
    beside: { "group web": ["list failed", "get skipped"] },
  },
  "names s3:GetObject and the object when it may be listed and not read": {
    arrange: (sandbox) => sandbox.setAuthoriser(without("s3:GetObject")),
    at: ["group web", "get"],
    kind: "failed",
    fix: /^add s3:GetObject on "arn:aws:s3:::postern-sandbox\/web\/b" to role "web"$/,
    beside: { "group web": ["list ok", "get failed"] },
  },
  "says that a Deny is in the way, and does not ask for a grant": {
    arrange: (sandbox) => sandbox.setAuthoriser(without("s3:GetObject", true)),
    at: ["group web", "get"],
    kind: "failed",
    fix: /^take the explicit Deny of s3:GetObject on "[^"]+web\/b" away from role "web"$/,
  },
  "says missing or denied of a named object that S3 does not tell apart": {
    options: { grants: [{ ...READS_ALL, list: false }] },
    patient: () => ({ groups: TLS }),
    at: ["group tls", "get"],
    kind: "failed",
    found: /^"s3:\/\/postern-sandbox\/tls\/site.key" is missing or denied$/,
    fix: /^put the object, or add s3:GetObject on "[^"]+tls\/site.key" to role "web"/,
    beside: { "group tls": ["get failed"] },
  },
  "says missing of a named object when the role may list": {
    patient: () => ({ groups: TLS }),
    at: ["group tls", "get"],
    kind: "failed",
    found: /site.key": no such object \(NoSuchKey\)$/,
    fix: /^put the object, or take its name out of only$/,
  },
  "opens the smallest object for real": {
    arrange: (sandbox, key) => putSealed(sandbox, key, "web"),
    patient: (_, key) => sealed(key, "web"),
    at: ["group web", "decrypt"],
    kind: "ok",
    found: /^kms: "web\/a" opens, 23 bytes$/,
  },
  "names kms:Decrypt, the key and both policies when the key is denied": {
    options: { grants: [READS_ALL], keyGrants: [] },
    arrange: (sandbox, key) => putSealed(sandbox, key, "web"),
    patient: (_, key) => sealed(key, "web"),
    at: ["group web", "decrypt"],
    kind: "failed",
    found: /denied \(AccessDeniedException\)$/,
    fix: /^add kms:Decrypt on "arn:aws:kms:us-east-1:\d+:key\/[^"]+" to role "web" and to the key's own policy$/,
  },
  "says that a key is disabled, which no grant puts right": {
    arrange: async (sandbox, key) => {
      await putSealed(sandbox, key, "web");
      sandbox.keys.transition(key, "Disabled");
    },
    patient: (_, key) => sealed(key, "web"),
    at: ["group web", "decrypt"],
    kind: "failed",
    found: /the key is disabled \(DisabledException\)$/,
    fix: /^enable the key, or name another/,
  },
  "says that the context differs from what was sealed": {
    arrange: (sandbox, key) => putSealed(sandbox, key, "web"),
    patient: (_, key) => sealed(key, "db"),
    at: ["group web", "decrypt"],
    kind: "failed",
    found: /does not open under this key and context/,
    fix: /^it was sealed otherwise than decrypt says \(mode, keys, context\)/,
  },
  "says that an object is plain where the config declares a seal": {
    patient: (_, key) => sealed(key, "web"),
    at: ["group web", "decrypt"],
    kind: "failed",
    found: /does not open|expected a KMS ciphertext/,
  },
  "names the right region when the config names another": {
    patient: (sandbox) => ({ main: `bucket: ${sandbox.bucket}\nregion: eu-west-1` }),
    at: ["bucket postern-sandbox", "bucket"],
    kind: "failed",
    fix: /^the bucket is in us-east-1: set region$/,
    beside: { "group web": ["objects skipped"], aws: AWS_OK },
  },
  "thinks of bucket_owner when S3 denies without saying why": {
    patient: (sandbox) => ({ main: `bucket: ${sandbox.bucket}\nbucket_owner: "999999999999"` }),
    at: ["group web", "list"],
    kind: "failed",
    fix: /, or set bucket_owner if another account owns the bucket/,
  },
  "shows that bucket_owner is not the instance's account": {
    patient: (sandbox) => ({ main: `bucket: ${sandbox.bucket}\nbucket_owner: "999999999999"` }),
    at: ["aws", "home"],
    kind: "ok",
    found: /account 999999999999, in us-east-1, not this instance's own account$/,
  },
  "says that there is no such bucket": {
    patient: () => ({ main: "bucket: no-such-bucket" }),
    at: ["bucket no-such-bucket", "bucket"],
    kind: "failed",
    found: /no such bucket \(NoSuchBucket\)$/,
    fix: /^check bucket and region$/,
    beside: {
      "group web": ["objects skipped"],
      "bucket no-such-bucket": ["bucket failed", "clock skipped"],
    },
  },
  "calls an outage of S3 an outage, and skips the groups": {
    arrange: (sandbox) => sandbox.faults.add({ kind: "503", service: "s3" }),
    at: ["bucket postern-sandbox", "bucket"],
    kind: "failed",
    found: /asked to slow down|the service failed/,
    beside: { "group web": ["objects skipped"] },
  },
  "leaves one group's outage with that group": {
    arrange: (sandbox) => sandbox.faults.add({ kind: "500", service: "s3", keyPattern: /^tls\// }),
    patient: () => ({ groups: `${WEB}\n${TLS}` }),
    at: ["group tls", "get"],
    kind: "failed",
    found: /the service failed/,
    beside: {
      "group web": ["list ok", "get ok"],
      "bucket postern-sandbox": ["bucket ok", "clock ok"],
    },
  },
  "calls refused credentials refused, not denied": {
    arrange: (sandbox) => sandbox.faults.add({ kind: "expired-credentials", service: "s3" }),
    at: ["bucket postern-sandbox", "bucket"],
    kind: "failed",
    found: /the credentials were not accepted/,
  },
  "warns of a clock more than a minute off": {
    arrange: (sandbox) => sandbox.faults.add({ kind: "clock-skew", service: "s3", ms: 90_000 }),
    at: ["bucket postern-sandbox", "clock"],
    kind: "warning",
    found: /^(89|90|91) s behind S3's$/,
    fix: /chrony/,
  },
  "fails for a clock that S3 only just accepts": {
    arrange: (sandbox) => sandbox.faults.add({ kind: "clock-skew", service: "s3", ms: -400_000 }),
    at: ["bucket postern-sandbox", "clock"],
    kind: "failed",
    found: /^(399|400|401) s ahead of S3's$/,
    beside: { "group web": ["list ok", "get ok"] },
  },
  "fails for a clock that S3 refuses, and skips what needs it": {
    arrange: (sandbox) => sandbox.faults.add({ kind: "clock-skew", service: "s3", ms: 1_200_000 }),
    at: ["bucket postern-sandbox", "clock"],
    kind: "failed",
    found: /this host's clock is wrong \(RequestTimeTooSkewed\)$/,
    beside: {
      "group web": ["objects skipped"],
      "bucket postern-sandbox": ["clock failed", "bucket skipped"],
    },
  },
  "fails once when the metadata service is down, and skips the rest": {
    patient: () => ({ imds: new URL("http://127.0.0.1:9") }),
    at: ["aws", "metadata"],
    kind: "failed",
    found: /no answer \(/,
    fix: /IMDSv2 is enabled, and its hop limit/,
    beside: {
      aws: [
        "endpoints ok",
        "metadata failed",
        "role skipped",
        "credentials skipped",
        "home skipped",
      ],
      "group web": ["objects skipped"],
    },
  },
  "wants a home in the config where no instance can tell it": {
    patient: (sandbox) => ({
      main: `bucket: ${sandbox.bucket}\nregion: us-east-1\ncredentials: environment`,
      imds: new URL("http://127.0.0.1:9"),
    }),
    at: ["aws", "home"],
    kind: "failed",
    found: /^bucket_owner is not known/,
    fix: /^set bucket_owner/,
    beside: { aws: ["endpoints ok", "metadata ok", "credentials failed", "home failed"] },
  },
  "tells the first ten of many names, and how many more": {
    arrange: (sandbox) =>
      Promise.all(
        Array.from({ length: 13 }, (_, index) => sandbox.put(`web//${index}`, Buffer.from("1"))),
      ),
    patient: () => ({ groups: "  web: { prefix: web/, on_bad_name: skip }" }),
    at: ["group web", "names"],
    kind: "warning",
    beside: {
      "group web": ["list ok", ...Array.from({ length: 11 }, () => "names warning"), "get ok"],
    },
  },
  "says that names cannot be stored, each with the reason": {
    arrange: (sandbox) => sandbox.put("web/x//y", Buffer.from("1")),
    at: ["group web", "names"],
    kind: "failed",
    found: /^"x\/\/y": expected no empty segment/,
    fix: /^rename them, or say on_bad_name: skip/,
    beside: { "group web": ["list ok", "names failed", "get ok"] },
  },
  "warns of names that the config leaves out": {
    arrange: (sandbox) => sandbox.put("web/x//y", Buffer.from("1")),
    patient: () => ({ groups: "  web: { prefix: web/, on_bad_name: skip }" }),
    at: ["group web", "names"],
    kind: "warning",
    found: /^left out: "x\/\/y"/,
  },
  "says which object is too large, and which limit": {
    patient: () => ({ groups: "  web: { prefix: web/, max_size: 24B }" }),
    at: ["group web", "sizes"],
    kind: "failed",
    found: /^"a": expected at most 24B, got 46 bytes$/,
    fix: /^raise max_size/,
    beside: { "group web": ["list ok", "sizes failed", "get ok"] },
  },
  "says that the objects together are too large": {
    patient: () => ({ groups: "  web: { prefix: web/, max_size: 50B, max_group_size: 60B }" }),
    at: ["group web", "sizes"],
    kind: "failed",
    found: /^expected at most 60B together, got 69 bytes$/,
    fix: /^raise max_group_size/,
  },
  "says that a prefix is empty": {
    patient: () => ({ groups: "  none: { prefix: none/ }" }),
    at: ["group none", "list"],
    kind: "failed",
    found: /^no secret below "none\/"$/,
    fix: /allow_empty: true$/,
  },
  "takes an empty prefix that is meant": {
    patient: () => ({ groups: "  none: { prefix: none/, allow_empty: true }" }),
    at: ["group none", "list"],
    kind: "ok",
    found: /^0 objects/,
  },
  "fails when the groups do not fit": {
    patient: () => ({ effects: { kernel: onFileSystem(TMPFS, 68) } }),
    at: ["destination", "space"],
    kind: "failed",
    found: /^0 MiB free, and the groups hold 69 bytes$/,
    fix: /remount,size/,
    beside: { destination: ["tree ok", "file system ok", "space failed", "owners ok"] },
  },
  "warns when the groups fit and the host's budget does not": {
    patient: () => ({ effects: { kernel: onFileSystem(TMPFS, 2 ** 20) } }),
    at: ["destination", "space"],
    kind: "warning",
    found: /^1 MiB free, and limits.max_host_size allows 64MiB$/,
  },
  "warns of a tree on a disk": {
    patient: () => ({ effects: { kernel: onFileSystem(0xef53, 2 ** 40) } }),
    at: ["destination", "file system"],
    kind: "warning",
    found: /is not on tmpfs: secrets will lie on a disk$/,
    fix: /^mount one with: mount -t tmpfs /,
  },
  "says that the tree cannot be made here by this user": {
    patient: () => ({ effects: { kernel: { ...systemKernel, isWritable: () => false } } }),
    at: ["destination", "tree"],
    kind: "failed",
    found: /is not writable by this user/,
    fix: /^run as root, or set paths/,
  },
  "says that an owner is unknown": {
    patient: () => ({ groups: '  web: { prefix: web/, owner: "no-such-user:0" }' }),
    at: ["destination", "owners"],
    kind: "failed",
    found: /^unknown user "no-such-user"$/,
    fix: /^create it/,
  },
};

/** This very kernel, but for what the tree lies on. */
function onFileSystem(type: number, freeBytes: number): Kernel {
  const fileSystem: Kernel["fileSystem"] = (path) =>
    systemKernel.fileSystem(path) && { type, freeBytes };
  return { ...systemKernel, fileSystem };
}

/** Allows everything but one action. */
/** Copies what the bucket holds into one of another region. */
async function replicate(sandbox: Sandbox): Promise<void> {
  const home = sandbox.buckets.get(sandbox.bucket);
  const replica = sandbox.buckets.create("acme-west", { region: WEST });
  for (const key of home?.keys() ?? []) {
    const object = home?.current(key);
    if (object?.kind === "object") {
      const { etag: _, ...copy } = object;
      replica.put(copy);
    }
  }
}

function without(action: string, explicit = false): Authoriser {
  const denied: Decision = { allowed: false, explicit, layer: "identity" };
  return { decide: (asked) => (asked.action === action ? denied : { allowed: true }) };
}

/** A config that expects the group to be sealed under the key and one pair. */
function sealed(key: Key, context: string): Partial<Patient> {
  return {
    groups: `  web: { prefix: web/, decrypt: { mode: kms, keys: ["${key.arn}"], bind: none, context: { app: ${context} } } }`,
  };
}
