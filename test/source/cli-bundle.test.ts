/** A bundle that `tar c . | aws-encryption-cli --encrypt` made, with KMS's answer as it was recorded. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { DecryptRequest, Kms } from "../../agent/aws/kms.ts";
import {
  parseBucketName,
  parseGroupName,
  parseKmsKeyArn,
  parseS3Key,
} from "../../agent/core/names.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import { createOpener, type OpenedBundle } from "../../agent/decrypt/open.ts";
import { unpackBundle } from "../../agent/source/bundle.ts";
import { refusedAs } from "../support/refusal.ts";
import { root } from "../support/root.ts";

interface Recorded {
  readonly group: string;
  readonly bucket: string;
  readonly revision: number;
  readonly files: Readonly<Record<string, string>>;
  readonly kms_decrypt: {
    readonly key: string;
    readonly context: Readonly<Record<string, string>>;
    /** In base64, like all bytes here. */
    readonly ciphertext: string;
    readonly plaintext: string;
  };
  readonly message: string;
}

const recorded = JSON.parse(
  readFileSync(join(root, "test", "vectors", "cli-bundle.json"), "utf8"),
) as Recorded;
const { key, context, ciphertext, plaintext } = recorded.kms_decrypt;

/** Answers what it was asked when this was recorded, and nothing else. */
const kms: Pick<Kms, "decrypt"> = {
  decrypt: async (request: DecryptRequest) => {
    const asked = Buffer.from(request.ciphertext).toString("base64");
    assert.deepEqual([asked, request.key, { ...request.context }], [ciphertext, key, context]);
    return { key, plaintext: new SecretBytes(Buffer.from(plaintext, "base64")) };
  },
};

function open({ group, bucket }: { group: string; bucket: string }): Promise<OpenedBundle> {
  const opener = createOpener({
    decrypt: { mode: "envelope", keys: [parseKmsKeyArn(key)], bind: "key", context: {} },
    group: parseGroupName(group),
    bucket: parseBucketName(bucket),
    kms: () => Promise.resolve(kms),
  });
  return opener.bundle(
    parseS3Key(`${group}.bundle`),
    new SecretBytes(Buffer.from(recorded.message, "base64")),
  );
}

describe("a bundle that tar and aws-encryption-cli made", () => {
  it("opens and unpacks to the files that went in", async () => {
    const opened = await open(recorded);
    assert.equal(opened.revision, recorded.revision);
    const { secrets, skipped } = await unpackBundle(opened.plaintext, {
      limits: { maxBytes: 2 ** 20, maxEntries: 100 },
      onBadName: "refuse",
    });
    const files = secrets.map(({ name, body }) => [name, body.expose().toString("utf8")]);
    assert.deepEqual(Object.fromEntries(files), recorded.files);
    assert.deepEqual(skipped, []);
  });

  for (const [why, place] of [
    ["another group", { ...recorded, group: "web" }],
    ["another bucket", { ...recorded, bucket: "acme-other" }],
  ] as const)
    it(`is refused in ${why}`, async () => {
      await assert.rejects(open(place), refusedAs("DecryptFailed", /wrong encryption context/));
    });
});
