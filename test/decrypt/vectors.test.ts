/** The AWS Encryption SDK's published messages of format 2: of four SDKs, signed and not, framed and not. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Kms } from "../../agent/aws/kms.ts";
import { parseKmsKeyArn } from "../../agent/core/names.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import { type EnvelopeOpened, openEnvelope } from "../../agent/decrypt/envelope.ts";
import { pinKeys } from "../../agent/decrypt/pins.ts";
import { refusedAs } from "../support/refusal.ts";
import { root } from "../support/root.ts";

interface Vector {
  readonly comment: string;
  readonly "keyring-type": "aws-kms" | "static";
  /** In base64. */
  readonly ciphertext: string;
  /** What KMS answers, in base64. */
  readonly "decrypted-dek": string;
  readonly "encryption-context": Readonly<Record<string, string>>;
  readonly "plaintext-frames"?: readonly string[];
  /** Why it must not open, or null. */
  readonly exception: string | null;
}

const { tests } = JSON.parse(
  readFileSync(join(root, "test", "vectors", "encryption-sdk-v2.json"), "utf8"),
) as { readonly tests: readonly Vector[] };

/** The first key that each message names. */
const KEY = parseKmsKeyArn(
  "arn:aws:kms:us-west-2:658956600833:key/b3537ef1-d8dc-4780-9f5a-55776cbb2f7f",
);

function open(vector: Vector): Promise<EnvelopeOpened> {
  const kms: Pick<Kms, "decrypt"> = {
    decrypt: () =>
      Promise.resolve({
        key: KEY,
        plaintext: new SecretBytes(Buffer.from(vector["decrypted-dek"], "base64")),
      }),
  };
  const message = Buffer.from(vector.ciphertext, "base64");
  return openEnvelope(
    { name: "web/db", message, pins: pinKeys([KEY]), judge: () => undefined },
    kms,
  );
}

describe("the Encryption SDK's published messages", () => {
  it("are all there", () => {
    assert.deepEqual([tests.length, tests.filter(({ exception }) => exception).length], [46, 5]);
  });

  for (const vector of tests) {
    const { comment, exception } = vector;
    if (vector["keyring-type"] === "static")
      it(`are refused without a KMS key: ${comment}`, async () => {
        await assert.rejects(
          open(vector),
          refusedAs("DecryptFailed", /under a key in decrypt.keys/),
        );
      });
    else if (exception === null)
      it(`open: ${comment}`, async () => {
        const { plaintext, context } = await open(vector);
        const text = plaintext.expose().toString("utf8");
        assert.equal(text, vector["plaintext-frames"]?.join(""));
        assert.deepEqual({ ...context }, vector["encryption-context"]);
      });
    else
      it(`are refused with another key than they commit to: ${comment}`, async () => {
        await assert.rejects(open(vector), refusedAs("DecryptFailed", /authentic message/));
      });
  }
});
