/** A key's own region is out, and another one opens: both ways of sealing, the same promises. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type KmsKeyArn, parseRegion } from "../../agent/core/names.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import type { KeyReach } from "../../agent/decrypt/pins.ts";
import { type KmsServer, replicaOf, startKms, type Trouble } from "../support/kms-server.ts";
import { BOUND, KEY, openerFor, VALUE } from "../support/opening.ts";
import { refusedAs } from "../support/refusal.ts";
import { sealEnvelope, sealKms } from "../support/sealing.ts";

const FAR = parseRegion("eu-west-1");
const HOME: KeyReach = { kind: "home", regions: [FAR] };
const REPLICA: KeyReach = { kind: "replica", region: FAR, keys: [] };
const SEAL = { kms: sealKms, envelope: sealEnvelope } as const;

let server: KmsServer;
before(async () => {
  server = await startKms();
});
after(() => server.close());

async function open(
  mode: "kms" | "envelope",
  body: Buffer,
  keys: readonly KmsKeyArn[],
  keyReach: KeyReach,
): Promise<string> {
  const opener = openerFor(server, mode, { keys }, keyReach);
  return (await opener.object(KEY, new SecretBytes(Buffer.from(body)))).expose().toString();
}

/** The keys that KMS was asked for, each once. */
function asked(): readonly string[] {
  return [...new Set(server.asked())];
}

for (const mode of ["kms", "envelope"] as const)
  describe(`mode ${mode} across regions`, () => {
    it("asks a multi-Region key's own region alone while that answers", async () => {
      const key = server.createKey({ multiRegion: true });
      const body = await SEAL[mode](server, VALUE, { keys: [key], context: BOUND });
      server.asked();
      assert.equal(await open(mode, body, [key], HOME), VALUE);
      assert.deepEqual(asked(), [`Decrypt ${key}`]);
    });

    for (const trouble of ["KMSInternalException", "ThrottlingException"] as const)
      it(`opens with its relative where a replica is, in an outage of its own region (${trouble})`, async () => {
        const key = server.createKey({ multiRegion: true });
        const body = await SEAL[mode](server, VALUE, { keys: [key], context: BOUND });
        server.trouble(key, trouble);
        server.asked();
        assert.equal(await open(mode, body, [key], HOME), VALUE);
        assert.deepEqual(asked(), [`Decrypt ${key}`, `Decrypt ${replicaOf(key)}`]);
      });

    const DENIALS: readonly Trouble[] = ["AccessDeniedException", "DisabledException"];
    for (const trouble of DENIALS)
      it(`never gets round a denial with the relative (${trouble})`, async () => {
        const key = server.createKey({ multiRegion: true });
        const body = await SEAL[mode](server, VALUE, { keys: [key], context: BOUND });
        server.trouble(key, trouble);
        server.asked();
        await assert.rejects(open(mode, body, [key], HOME), refusedAs("Denied", /cannot open/));
        assert.deepEqual(asked(), [`Decrypt ${key}`]);
      });

    it("asks the replica's region first when a replica is read", async () => {
      const key = server.createKey({ multiRegion: true });
      const body = await SEAL[mode](server, VALUE, { keys: [key], context: BOUND });
      server.trouble(key, "KMSInternalException");
      server.asked();
      assert.equal(await open(mode, body, [key], REPLICA), VALUE);
      assert.deepEqual(asked(), [`Decrypt ${replicaOf(key)}`]);
    });

    it("opens with a key that is pinned for the replica, and never for the home", async () => {
      const [near, far] = [server.createKey(), server.createKey({ region: FAR })];
      const body = await SEAL[mode](server, VALUE, { keys: [far], context: BOUND });
      assert.equal(await open(mode, body, [near], { ...REPLICA, keys: [far] }), VALUE);
      await assert.rejects(
        open(mode, body, [near], HOME),
        refusedAs("DecryptFailed", /cannot open/),
      );
    });

    it("refuses a stranger's multi-Region key in the replica's region", async () => {
      const [key, stranger] = [
        server.createKey({ multiRegion: true }),
        server.createKey({ multiRegion: true }),
      ];
      const body = await SEAL[mode](server, VALUE, { keys: [stranger], context: BOUND });
      await assert.rejects(
        open(mode, body, [key], REPLICA),
        refusedAs("DecryptFailed", /cannot open/),
      );
    });
  });

describe("mode envelope with a data key for each region", () => {
  it("opens with the second region's when the first is out", async () => {
    const keys = [server.createKey(), server.createKey({ region: FAR })] as const;
    const body = await sealEnvelope(server, VALUE, { keys, context: BOUND });
    server.trouble(keys[0], "KMSInternalException");
    assert.equal(await open("envelope", body, keys, HOME), VALUE);
  });
});
