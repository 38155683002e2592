/** The home bucket is out, and a replica in another region is there: the real program, two regions, one host. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { parseKmsKeyArn } from "../../agent/core/names.ts";
import type { Bucket } from "../../agent/sandbox/objects.ts";
import {
  configure,
  fetchAll,
  type Fetched,
  generationsOf,
  type GroupSettings,
  hostFor,
  postern,
  publish,
  publishBundle,
  setOf,
  type TestHost,
} from "../support/host.ts";
import { memoryDir } from "../support/temp.ts";

const WEST = "us-west-2";
const WEST_OWNER = "444455556666";
const REPLICA = { bucket: "acme-secrets-west", region: WEST, bucket_owner: WEST_OWNER };
const FROM_REPLICA = { kind: "replica", bucket: REPLICA.bucket, region: WEST };
const NOTE = "read from replica acme-secrets-west in us-west-2";

interface Pair {
  readonly host: TestHost;
  readonly west: Bucket;
}

const folder = memoryDir();

/** A host with a replica of its bucket, and a key that both regions have. */
async function pairFor(t: TestContext): Promise<Pair> {
  const host = await hostFor(t, folder, { otherRegions: [WEST] });
  const { region, buckets, keys } = host.sandbox;
  const west = buckets.create(REPLICA.bucket, { region: WEST, owner: WEST_OWNER });
  const key = parseKmsKeyArn(keys.create({ region, replicas: [WEST] }).arn);
  return { host: { ...host, key }, west };
}

function prepare({ host }: Pair, group: GroupSettings, replica: GroupSettings = REPLICA): void {
  configure(host, { web: group }, { failover: [replica] });
}

const bundleOf = ({ host }: Pair): GroupSettings => ({
  bundle: "web.bundle",
  decrypt: { mode: "envelope", keys: [host.key] },
});
const PREFIX = { prefix: "web/" };
const ONLY = { prefix: "web/", only: ["a", "b"] };

/**
 * Copies to the replica what the home now holds of `key`: the bytes as they are.
 * @param etag another one, as of a copy under another SSE-KMS key
 */
function replicate({ host, west }: Pair, key: string, etag?: string): void {
  const object = host.sandbox.buckets.get(host.sandbox.bucket)?.current(key);
  assert.ok(object?.kind === "object", key);
  const { body, checksum, encryption, headers, metadata } = object;
  west.put({ key, body, checksum, encryption, headers, metadata, ...(etag && { etag }) });
}

/** S3 in the home region is out; with `kms`, KMS as well. */
function homeIsOut({ host: { sandbox } }: Pair, kms?: "kms"): void {
  sandbox.faults.add({ kind: "503", service: "s3", bucket: sandbox.bucket });
  if (kms !== undefined)
    sandbox.faults.add({ kind: "500", service: "kms", keyPattern: /:us-east-1:/ });
}

/** What the replica was asked, as "GetObject 304". */
function askedOfReplica({ host: { sandbox } }: Pair): readonly string[] {
  return sandbox.log
    .entries()
    .filter(({ bucket }) => bucket === REPLICA.bucket)
    .map(({ operation, status }) => `${operation} ${status}`);
}

function told(fetched: Fetched): readonly unknown[] {
  const { outcome, state, from, notes } = fetched.group("web") as unknown as Readonly<
    Record<string, unknown>
  >;
  return [fetched.code, outcome, state, from, notes];
}

describe("failover", { concurrency: 4 }, () => {
  for (const [why, out] of [
    ["S3 is out", undefined],
    ["S3 and KMS are out", "kms"],
  ] as const)
    it(`reads a newer bundle from the replica when the home region's ${why}`, async (t) => {
      const pair = await pairFor(t);
      prepare(pair, bundleOf(pair));
      await publishBundle(pair.host, "web", 1, { a: "one" });
      assert.equal((await fetchAll(pair.host)).code, 0);
      await publishBundle(pair.host, "web", 2, { a: "two" });
      replicate(pair, "web.bundle");
      homeIsOut(pair, out);
      const fetched = await fetchAll(pair.host);
      assert.deepEqual(
        told(fetched),
        [0, "changed", "fresh", FROM_REPLICA, [NOTE]],
        fetched.stderr,
      );
      assert.deepEqual(setOf(pair.host, "web"), { a: "two" });
    });

  for (const [why, group] of [
    ["a prefix", PREFIX],
    ["named objects", ONLY],
  ] as const)
    it(`gives a host without files ${why} from the replica, and the home confirms them`, async (t) => {
      const pair = await pairFor(t);
      prepare(pair, group);
      await publish(pair.host, "web", { a: "one", b: "two" });
      // as of a copy that another key encrypts
      for (const name of ["a", "b"]) replicate(pair, `web/${name}`, `other-${name}`);
      homeIsOut(pair);
      const first = await fetchAll(pair.host);
      assert.deepEqual(told(first), [0, "changed", "fresh", FROM_REPLICA, [NOTE]], first.stderr);
      assert.deepEqual(setOf(pair.host, "web"), { a: "one", b: "two" });

      pair.host.sandbox.faults.clear();
      const generations = generationsOf(pair.host, "web");
      const back = await fetchAll(pair.host);
      assert.deepEqual(
        [back.group("web").outcome, generationsOf(pair.host, "web"), askedOfReplica(pair)],
        ["unchanged", generations, []],
      );
      assert.equal((await fetchAll(pair.host)).asked.includes("GetObject web/a"), group === ONLY);
    });

  it("leaves a group that has files as it is, and does not bring back what was deleted", async (t) => {
    const pair = await pairFor(t);
    prepare(pair, PREFIX);
    await publish(pair.host, "web", { a: "one", gone: "canary-deleted" });
    for (const name of ["a", "gone"]) replicate(pair, `web/${name}`);
    pair.host.sandbox.remove("web/gone");
    assert.equal((await fetchAll(pair.host)).code, 0);
    homeIsOut(pair);
    const fetched = await fetchAll(pair.host);
    assert.deepEqual([fetched.code, fetched.group("web").state], [69, "stale"]);
    assert.deepEqual([setOf(pair.host, "web"), askedOfReplica(pair)], [{ a: "one" }, []]);
  });

  const REFUSALS: readonly (readonly [why: string, code: number, act: (pair: Pair) => void])[] = [
    [
      "the home denies",
      77,
      ({ host: { sandbox } }) =>
        sandbox.setAuthoriser({
          decide: ({ resource }) =>
            resource.startsWith(`arn:aws:s3:::${sandbox.bucket}`)
              ? { allowed: false, explicit: false, layer: "identity" }
              : { allowed: true },
        }),
    ],
    ["the bundle is gone from the home", 66, ({ host }) => host.sandbox.remove("web.bundle")],
    ["the home bucket is gone", 66, ({ host }) => host.sandbox.buckets.delete(host.sandbox.bucket)],
    [
      "this host's clock is wrong",
      69,
      ({ host }) => host.sandbox.faults.add({ kind: "clock-skew", service: "s3", ms: 1_200_000 }),
    ],
    [
      "this host's credentials are expired",
      69,
      ({ host }) => host.sandbox.faults.add({ kind: "expired-credentials", service: "s3" }),
    ],
  ];
  for (const [why, code, act] of REFUSALS)
    it(`does not ask the replica when ${why}`, async (t) => {
      const pair = await pairFor(t);
      prepare(pair, bundleOf(pair));
      await publishBundle(pair.host, "web", 1, { a: "one" });
      assert.equal((await fetchAll(pair.host)).code, 0);
      replicate(pair, "web.bundle");
      act(pair);
      assert.equal((await fetchAll(pair.host)).code, code);
      assert.deepEqual([setOf(pair.host, "web"), askedOfReplica(pair)], [{ a: "one" }, []]);
    });

  it("refuses a replica that is behind what this host has seen", async (t) => {
    const pair = await pairFor(t);
    prepare(pair, bundleOf(pair));
    await publishBundle(pair.host, "web", 1, { a: "one" });
    replicate(pair, "web.bundle");
    await publishBundle(pair.host, "web", 2, { a: "two" });
    assert.equal((await fetchAll(pair.host)).code, 0);
    homeIsOut(pair);
    const fetched = await fetchAll(pair.host);
    assert.deepEqual([fetched.code, fetched.group("web").state], [69, "stale"]);
    assert.match(fetched.stderr, /replica "acme-secrets-west": bundle "web.bundle" is older/);
    assert.deepEqual(setOf(pair.host, "web"), { a: "two" });
  });

  for (const etag of [undefined, "another-etag"])
    it(`makes no generation of equal content, whichever bucket it comes from, and asks each by its own ETag (${etag ?? "the same"})`, async (t) => {
      const pair = await pairFor(t);
      prepare(pair, bundleOf(pair));
      await publishBundle(pair.host, "web", 1, { a: "one" });
      replicate(pair, "web.bundle", etag);
      assert.equal((await fetchAll(pair.host)).code, 0);
      const generations = generationsOf(pair.host, "web");
      homeIsOut(pair);
      const rounds: unknown[] = [];
      for (let pass = 0; pass < 3; pass += 1) {
        const { code, outcome } = await fetchAll(pair.host).then((fetched) => ({
          code: fetched.code,
          outcome: fetched.group("web").outcome,
        }));
        rounds.push([code, outcome, ...askedOfReplica(pair)]);
      }
      assert.deepEqual(rounds, [
        [0, "unchanged", "GetObject 200"],
        [0, "unchanged", "GetObject 304"],
        [0, "unchanged", "GetObject 304"],
      ]);
      pair.host.sandbox.faults.clear();
      for (const decrypts of [1, 0]) {
        const { asked } = await fetchAll(pair.host);
        assert.equal(asked.filter((line) => line.startsWith("Decrypt")).length, decrypts);
      }
      assert.deepEqual([generationsOf(pair.host, "web"), askedOfReplica(pair)], [generations, []]);
    });

  it("does not believe that an ETag of the home says anything about the replica", async (t) => {
    const pair = await pairFor(t);
    prepare(pair, bundleOf(pair));
    await publishBundle(pair.host, "web", 1, { a: "one" });
    const object = pair.host.sandbox.buckets.get(pair.host.sandbox.bucket)?.current("web.bundle");
    assert.ok(object?.kind === "object");
    assert.equal((await fetchAll(pair.host)).code, 0);
    await publishBundle(pair.host, "web", 2, { a: "two" });
    replicate(pair, "web.bundle", object.etag.slice(1, -1));
    homeIsOut(pair);
    assert.equal((await fetchAll(pair.host)).group("web").outcome, "changed");
    assert.deepEqual(setOf(pair.host, "web"), { a: "two" });
  });

  it("asks the replica with its own owner, and takes its denial for no revocation", async (t) => {
    const pair = await pairFor(t);
    prepare(pair, bundleOf(pair), { ...REPLICA, bucket_owner: "999999999999" });
    await publishBundle(pair.host, "web", 1, { a: "one" });
    assert.equal((await fetchAll(pair.host)).code, 0);
    replicate(pair, "web.bundle");
    homeIsOut(pair);
    const fetched = await fetchAll(pair.host);
    assert.deepEqual([fetched.code, fetched.group("web").state], [69, "stale"]);
    assert.match(fetched.stderr, /replica "acme-secrets-west": .*denied/);
    assert.deepEqual(askedOfReplica(pair), ["GetObject 403"]);
  });

  it("opens home objects with the key's relative while the home's KMS alone is out", async (t) => {
    const pair = await pairFor(t);
    const decrypt = { mode: "kms", keys: [pair.host.key] };
    prepare(pair, { ...PREFIX, decrypt });
    await publish(pair.host, "web", { a: "one" }, "kms");
    pair.host.sandbox.faults.add({ kind: "500", service: "kms", keyPattern: /:us-east-1:/ });
    const fetched = await fetchAll(pair.host);
    assert.deepEqual([fetched.code, askedOfReplica(pair)], [0, []], fetched.stderr);
    assert.deepEqual(setOf(pair.host, "web"), { a: "one" });
  });

  it("shows in a plan what the replica would bring", async (t) => {
    const pair = await pairFor(t);
    prepare(pair, bundleOf(pair));
    await publishBundle(pair.host, "web", 1, { a: "one" });
    replicate(pair, "web.bundle");
    homeIsOut(pair);
    const { code, stdout } = await postern(pair.host, ["plan", "--config", pair.host.config]);
    assert.equal(code, 0);
    assert.match(stdout.toString(), /1 added[^]*read from replica acme-secrets-west/);
  });
});
