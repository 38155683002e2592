import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { PosternError } from "../../agent/core/errors.ts";
import { type KmsServer, startKms } from "../support/kms-server.ts";
import { BOUND, openObject, VALUE } from "../support/opening.ts";
import { refusedAs } from "../support/refusal.ts";
import { sealEnvelope, sealKms } from "../support/sealing.ts";

let server: KmsServer;
before(async () => {
  server = await startKms();
});
after(() => server.close());

describe("KMS's failures", () => {
  const ROWS = [
    ["AccessDeniedException", "Denied"],
    ["DisabledException", "Denied"],
    ["KMSInternalException", "Unavailable"],
    ["ThrottlingException", "Throttled"],
  ] as const;
  for (const [trouble, code] of ROWS)
    for (const mode of ["kms", "envelope"] as const)
      it(`${trouble} is ${code} in mode ${mode}, with AWS's code`, async () => {
        const seal = mode === "kms" ? sealKms : sealEnvelope;
        const troubled = server.createKey({ multiRegion: true });
        const body = await seal(server, VALUE, { keys: [troubled], context: BOUND });
        server.trouble(troubled, trouble);
        await assert.rejects(
          openObject(server, mode, body, { keys: [troubled] }),
          (error: PosternError) => {
            assert.equal(error.awsCode, trouble);
            return refusedAs(code, /cannot open "web\/db": Decrypt/)(error);
          },
        );
      });

  it("an outage outweighs the other keys' answers, and its region is asked no more", async () => {
    const [down, same, far] = [
      server.createKey(),
      server.createKey(),
      server.createKey({ region: "eu-west-1" }),
    ];
    const body = await sealKms(server, VALUE, { keys: [same], context: BOUND });
    server.trouble(down, "KMSInternalException");
    server.trouble(far, "AccessDeniedException");
    server.asked();
    await assert.rejects(
      openObject(server, "kms", body, { keys: [down, same, far] }),
      refusedAs("Unavailable", /KMSInternal/),
    );
    assert.deepEqual([...new Set(server.asked())], [`Decrypt ${down}`, `Decrypt ${far}`]);
  });

  it("a denial outweighs a key that does not fit", async () => {
    const denied = server.createKey();
    const body = await sealKms(server, VALUE, { keys: [denied], context: BOUND });
    server.trouble(denied, "AccessDeniedException");
    await assert.rejects(
      openObject(server, "kms", body, { keys: [denied, server.createKey()] }),
      refusedAs("Denied", /AccessDenied/),
    );
  });

  it("a denial of one key does not excuse a damaged message that another opened", async () => {
    const [denied, key] = [server.createKey(), server.createKey()];
    const body = await sealEnvelope(server, VALUE, { keys: [denied, key], context: BOUND });
    server.trouble(denied, "AccessDeniedException");
    body[body.length - 200] = (body[body.length - 200] ?? 0) ^ 1;
    await assert.rejects(
      openObject(server, "envelope", body, { keys: [denied, key] }),
      refusedAs("DecryptFailed", /altered or damaged/),
    );
  });
});
