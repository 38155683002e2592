import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBudget } from "../../agent/aws/budget.ts";
import { type ErrorCode, PosternError } from "../../agent/core/errors.ts";
import {
  parseAccountId,
  parseBucketName,
  parseKmsKeyArn,
  parseRegion,
} from "../../agent/core/names.ts";
import { createFailover, type Failover, type FailoverEvent } from "../../agent/daemon/failover.ts";
import { openPlaces, type Place, type Places } from "../../agent/daemon/places.ts";
import { fakeS3 } from "../support/fake-s3.ts";
import { fixedChance, heldClock, type HeldClock } from "../support/time.ts";

const HOME = {
  bucket: parseBucketName("acme-secrets"),
  region: parseRegion("us-east-1"),
  owner: parseAccountId("111122223333"),
};
const WEST_KEY = parseKmsKeyArn("arn:aws:kms:us-west-2:111122223333:key/1234");
const FAILOVER = [
  {
    bucket: parseBucketName("acme-west"),
    region: parseRegion("us-west-2"),
    owner: undefined,
    keys: [WEST_KEY],
  },
  {
    bucket: parseBucketName("acme-eu"),
    region: parseRegion("eu-west-1"),
    owner: parseAccountId("444455556666"),
    keys: [],
  },
];

function placesOf(failover: typeof FAILOVER = FAILOVER): Places {
  return openPlaces({ failover }, HOME, { s3: () => fakeS3() });
}

interface Played {
  readonly failover: Failover;
  readonly clock: HeldClock;
  /** The buckets that were asked. */
  readonly asked: string[];
  readonly events: string[];
  /** What buckets fail with; the others answer with their name. */
  readonly faults: Map<string, () => PosternError | Promise<never>>;
  readonly read: (options?: {
    readonly mayUseReplica?: boolean;
    readonly signal?: AbortSignal;
  }) => Promise<string>;
}

/** A clock whose sleep is until it is told to end: a share of a pass that is never over. */
function patient(clock: HeldClock): HeldClock {
  return {
    ...clock,
    sleep: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(new Error("cancelled")));
      }),
  };
}

function played(places = placesOf(), impatient = false): Played {
  const held = heldClock();
  const clock = impatient ? held : patient(held);
  const asked: string[] = [];
  const events: string[] = [];
  const faults: Played["faults"] = new Map();
  const failover = createFailover({
    places,
    passTimeoutMs: 60_000,
    clock,
    chance: fixedChance(0.5),
    onEvent: (event) => events.push(wordsOf(event)),
  });
  const ask = async ({ bucket }: Place, signal: AbortSignal): Promise<string> => {
    asked.push(bucket);
    const fault = faults.get(bucket);
    if (fault === undefined) return bucket;
    const error = fault();
    if (error instanceof PosternError) throw error;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    throw new PosternError("Unavailable", "cut");
  };
  const never = new AbortController().signal;
  return {
    failover,
    clock: held,
    asked,
    events,
    faults,
    read: ({ mayUseReplica = true, signal = never } = {}) =>
      failover.read({ ask, mayUseReplica, signal }),
  };
}

function wordsOf(event: FailoverEvent): string {
  return event.kind === "failback" ? `failback after ${event.lastedMs / 1000} s` : event.kind;
}

function failing(code: ErrorCode, message = "home"): () => PosternError {
  return () => new PosternError(code, message);
}

const CODES: readonly (readonly [code: ErrorCode, usesReplica: boolean])[] = [
  ["Unavailable", true],
  ["Throttled", true],
  ["ClockSkew", false],
  ["Credentials", false],
  ["Denied", false],
  ["MissingOrDenied", false],
  ["NotFound", false],
  ["BadData", false],
  ["BadName", false],
  ["TooLarge", false],
  ["DecryptFailed", false],
  ["ConfigInvalid", false],
  ["CannotWrite", false],
  ["Internal", false],
];

describe("failover", () => {
  for (const [code, usesReplica] of CODES)
    it(`${usesReplica ? "goes to a replica" : "stays with the home's failure"} on ${code}`, async () => {
      const { read, faults, asked } = played();
      faults.set("acme-secrets", failing(code));
      if (usesReplica) assert.equal(await read(), "acme-west");
      else await assert.rejects(read(), { code, message: "home" });
      assert.deepEqual(asked, usesReplica ? ["acme-secrets", "acme-west"] : ["acme-secrets"]);
    });

  it("does not take this host's own budget for an outage", async () => {
    const { read, faults, failover } = played();
    const budget = createBudget(1, heldClock());
    budget.take(10);
    faults.set("acme-secrets", () => {
      try {
        budget.take();
      } catch (cause) {
        return new PosternError("Throttled", "cannot open", { cause });
      }
      return new PosternError("Internal", "there was room");
    });
    for (let pass = 0; pass < 4; pass += 1) await assert.rejects(read(), { code: "Throttled" });
    assert.equal(failover.health().kind, "good");
  });

  it("tries the replicas in order, and tells the home's outage when none stands in", async () => {
    const { read, faults, asked } = played();
    faults.set("acme-secrets", failing("Unavailable"));
    faults.set("acme-west", failing("Denied", "west denies"));
    assert.equal(await read(), "acme-eu");
    faults.set("acme-eu", failing("NotFound", "not in eu"));
    await assert.rejects(read(), {
      code: "Unavailable",
      message: 'home; replica "acme-west": west denies; replica "acme-eu": not in eu',
    });
    assert.deepEqual(asked.slice(2), ["acme-eu", "acme-secrets", "acme-west", "acme-eu"]);
  });

  it("asks the home alone for who would not take a replica's answer, however long it is out", async () => {
    const { read, faults, asked } = played();
    faults.set("acme-secrets", failing("Unavailable"));
    for (let pass = 0; pass < 9; pass += 1)
      await assert.rejects(read({ mayUseReplica: false }), { message: "home" });
    assert.deepEqual([...new Set(asked)], ["acme-secrets"]);
    assert.equal(asked.length, 9);
  });

  it("passes over a home that is out, probes it, and comes back when it has answered for a while", async () => {
    const { read, faults, asked, clock, events } = played();
    faults.set("acme-secrets", failing("Unavailable"));
    for (let pass = 0; pass < 3; pass += 1) await read();
    assert.deepEqual(events, ["failover"]);
    asked.length = 0;
    await read();
    assert.deepEqual(asked, ["acme-west"], "not asked again at once");
    clock.advance(30_000);
    await read();
    await read();
    assert.deepEqual(asked.slice(1), ["acme-secrets", "acme-west", "acme-west"], "one probe");
    faults.clear();
    clock.advance(30_000);
    assert.equal(await read(), "acme-secrets");
    assert.deepEqual(events, ["failover"], "no failback by one answer");
    clock.advance(60_000);
    await read();
    assert.deepEqual(events, ["failover", "failback after 120 s"]);
  });

  it("is one failover over a home that relapses while it recovers, from the first declaration on", async () => {
    const { read, faults, clock, events } = played();
    const out = failing("Unavailable");
    for (const fault of [out, out, out, undefined, out, undefined, undefined]) {
      faults.clear();
      if (fault !== undefined) faults.set("acme-secrets", fault);
      await read();
      // as long as a recovery takes, and longer than a probe waits
      clock.advance(60_000);
    }
    // declared with the third question, over with the seventh
    assert.deepEqual(events, ["failover", "failback after 240 s"]);
  });

  it("tells the newest outage when it was not asked again, and no replica stands in", async () => {
    const { read, faults } = played();
    faults.set("acme-secrets", failing("Throttled", "slow down"));
    for (let pass = 0; pass < 3; pass += 1) await read();
    for (const replica of ["acme-west", "acme-eu"])
      faults.set(replica, failing("Unavailable", "out"));
    await assert.rejects(read(), {
      code: "Throttled",
      message: /^slow down; replica "acme-west": out/,
    });
  });

  it("goes on from what an earlier one remembered", async () => {
    const first = played();
    first.faults.set("acme-secrets", failing("Unavailable"));
    for (let pass = 0; pass < 3; pass += 1) await first.read();
    const second = createFailover({
      places: placesOf(),
      passTimeoutMs: 60_000,
      clock: first.clock,
      chance: fixedChance(0.5),
      health: first.failover.health(),
    });
    const { signal } = new AbortController();
    const ask = ({ bucket }: Place): Promise<string> => Promise.resolve(bucket);
    assert.equal(await second.read({ ask, mayUseReplica: true, signal }), "acme-west");
  });

  it("leaves half of the pass to the replicas when the home only hangs", async () => {
    const { read, faults, clock } = played(placesOf(), true);
    faults.set("acme-secrets", () => new Promise<never>(() => undefined));
    faults.set("acme-west", () => new Promise<never>(() => undefined));
    assert.equal(await read(), "acme-eu");
    assert.deepEqual(clock.slept, [30_000, 15_000]);
  });

  it("asks no replica once the pass is over", async () => {
    const { read, faults, asked } = played();
    faults.set("acme-secrets", failing("Unavailable"));
    await assert.rejects(read({ signal: AbortSignal.abort() }), { message: "home" });
    assert.deepEqual(asked, ["acme-secrets"]);
  });

  it("asks no further replica once the pass is over, and tells of none that it did not ask", async () => {
    const { read, faults, asked } = played();
    const over = new AbortController();
    faults.set("acme-secrets", failing("Unavailable"));
    faults.set("acme-west", () => {
      over.abort();
      return new PosternError("Unavailable", "west is out");
    });
    await assert.rejects(read({ signal: over.signal }), {
      message: 'home; replica "acme-west": west is out',
    });
    assert.deepEqual(asked, ["acme-secrets", "acme-west"]);
  });

  it("hands on all that the home's outage says: how long to leave it alone, above all", async () => {
    const { read, faults } = played();
    const facts = { retryAfterMs: 400_000, awsCode: "SlowDown", requestId: "R1", hint: "wait" };
    faults.set("acme-secrets", () => new PosternError("Throttled", "home", facts));
    for (const replica of ["acme-west", "acme-eu"]) faults.set(replica, failing("Denied"));
    await assert.rejects(read(), { code: "Throttled", ...facts });
  });

  it("asks the home as ever where there is no replica", async () => {
    const { read, faults, asked, clock, events } = played(placesOf([]), true);
    faults.set("acme-secrets", failing("Unavailable"));
    for (let pass = 0; pass < 5; pass += 1) await assert.rejects(read(), { message: "home" });
    assert.deepEqual([asked.length, clock.slept, events], [5, [], []]);
  });
});

describe("the places", () => {
  it("have each its own region, owner and keys; a replica without an owner has the home's", () => {
    const { home, replicas } = placesOf();
    assert.deepEqual(
      [home, ...replicas].map(({ bucket, region, owner, keyReach }) => [
        bucket,
        region,
        owner,
        keyReach,
      ]),
      [
        [
          "acme-secrets",
          "us-east-1",
          "111122223333",
          { kind: "home", regions: ["us-west-2", "eu-west-1"] },
        ],
        [
          "acme-west",
          "us-west-2",
          "111122223333",
          { kind: "replica", region: "us-west-2", keys: [WEST_KEY] },
        ],
        [
          "acme-eu",
          "eu-west-1",
          "444455556666",
          { kind: "replica", region: "eu-west-1", keys: [] },
        ],
      ],
    );
  });
});
