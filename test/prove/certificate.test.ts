import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parseMap } from "../../agent/map/parse.ts";
import { certificateOf, encodeCertificate } from "../../agent/prove/certificate.ts";
import { parseCertificate } from "../../agent/prove/certificate-file.ts";
import { proveMap } from "../../agent/prove/prove.ts";
import { verifyCertificate } from "../../agent/prove/verify.ts";
import { changed, PROVED, PROVED_MAP } from "../support/proved-deployment.ts";
import { root } from "../support/root.ts";

const map = parseMap(PROVED_MAP, "map.yaml");
const certificate = certificateOf({
  map,
  text: PROVED_MAP,
  deployment: PROVED,
  report: proveMap(map, PROVED),
  version: "1.2.3",
});
const text = encodeCertificate(certificate);
const read = parseCertificate(text, "proof.json");

const schema = JSON.parse(
  readFileSync(join(root, "docs/schemas/certificate-v1.json"), "utf8"),
) as object;
const conforms = new Ajv2020({ strict: true }).compile(schema);

describe("a certificate", () => {
  it("is read as it was written", () => {
    assert.equal(encodeCertificate(read), text);
    assert.equal(read.postern, "1.2.3");
    assert.ok(read.holds);
  });

  it("conforms to its schema", () => {
    assert.ok(conforms(JSON.parse(text)), JSON.stringify(conforms.errors));
    assert.ok(!conforms({ ...certificate, more: true }));
    assert.ok(!conforms({ ...certificate, version: 2 }));
  });

  it("is true of the documents and the map that were proved", () => {
    const found = verifyCertificate(read, PROVED, PROVED_MAP);
    assert.deepEqual(found.faults, []);
    assert.ok(found.documents > 10 && found.requests > 200);
  });

  it("has a request for each layer, of both kinds", () => {
    const kinds = new Set(read.requests.map(({ layer, expected }) => `${layer} ${expected}`));
    for (const one of [
      "whole allow",
      "whole deny",
      "identity alone allow",
      "bucket policy alone deny",
      "key policy alone deny",
      "endpoint policy alone deny",
    ])
      assert.ok(kinds.has(one), one);
  });

  it("does not mind the order of members", () => {
    const [bucket] = PROVED.buckets;
    const policy = Object.fromEntries(Object.entries(bucket?.policy ?? {}).toReversed());
    assert.ok(bucket !== undefined);
    const other = { ...PROVED, buckets: [{ ...bucket, policy }] };
    assert.deepEqual(verifyCertificate(read, other, undefined).faults, []);
  });

  it("is not true of other documents, and says what is decided otherwise", () => {
    const other = changed(PROVED, "acme-secrets", "DenyInsecureTransport", () => undefined);
    const { faults } = verifyCertificate(read, other, undefined);
    assert.equal(faults[0], "bucket acme-secrets policy: another than the one proved");
    assert.ok(
      faults.includes(
        "web/fetch denied: guard alone: without TLS: its request is decided as allow",
      ),
      faults.join("\n"),
    );
  });

  it("is not true of documents that are missing, or more", () => {
    const fewer = { ...PROVED, endpoints: PROVED.endpoints.slice(1) };
    assert.match(
      verifyCertificate(read, fewer, undefined).faults.join("\n"),
      /endpoint vpce-0123456789abcdef0 policy: proved, and not there/,
    );
    const [first] = PROVED.identities;
    assert.ok(first !== undefined);
    const more = {
      ...PROVED,
      identities: [...PROVED.identities, { ...first, arn: `${first.arn}x` }],
    };
    assert.match(
      verifyCertificate(read, more, undefined).faults.join("\n"),
      /role\/postern\/webx trust: there, and not proved/,
    );
  });

  it("is not true of another map", () => {
    assert.deepEqual(verifyCertificate(read, PROVED, `${PROVED_MAP}# more`).faults, [
      "map.yaml: the map is another than the one proved",
    ]);
  });

  it("is refused when it is none", () => {
    assert.throws(() => parseCertificate("{}", "proof.json"), /proof\.json: version/);
    assert.throws(() => parseCertificate("{", "proof.json"), /expected JSON/);
  });
});
