import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  createCountedRun,
  dollarsAMillion,
  type Kind,
  kindOf,
  saidRequests,
  type Sent,
} from "../../bench/requests.ts";

const ENDPOINTS = {
  s3: new URL("http://127.0.0.1:3"),
  kms: new URL("http://127.0.0.1:4"),
  imds: new URL("http://127.0.0.1:5"),
};
const { s3, kms, imds } = ENDPOINTS;

function sent(method: string, { host }: URL, path: string, target = ""): Sent {
  return { method, host, path, target };
}

const KINDS: readonly (readonly [kind: Kind, request: Sent])[] = [
  ["LIST", sent("GET", s3, "/bucket/?list-type=2&prefix=web%2F")],
  ["LIST", sent("GET", s3, "/bucket?list-type=2&prefix=web%2F")],
  ["LIST", sent("GET", s3, "/bucket?versions&prefix=web%2F")],
  ["GetBucket", sent("GET", s3, "/bucket?versioning")],
  ["GetBucket", sent("GET", s3, "/bucket/?publicAccessBlock=")],
  ["GET", sent("GET", s3, "/bucket/web/password")],
  ["GET", sent("GET", s3, "/bucket/web.bundle?x-id=GetObject")],
  ["HEAD", sent("HEAD", s3, "/bucket/web/password")],
  ["PUT", sent("PUT", s3, "/bucket/web/password?x-id=PutObject")],
  ["DELETE", sent("DELETE", s3, "/bucket/web/password")],
  ["Decrypt", sent("POST", kms, "/", "TrentService.Decrypt")],
  ["GenerateDataKey", sent("POST", kms, "/", "TrentService.GenerateDataKey")],
  ["IMDS", sent("PUT", imds, "/latest/api/token")],
  ["IMDS", sent("GET", imds, "/latest/dynamic/instance-identity/document")],
];

describe("requests", () => {
  for (const [kind, request] of KINDS) {
    it(`takes ${request.method} ${request.path} ${request.target} for ${kind}`, () => {
      assert.equal(kindOf(request, ENDPOINTS), kind);
    });
  }

  it("leaves no request out of the sum", () => {
    const unknown = sent("POST", kms, "/", "TrentService.ReEncrypt");
    assert.throws(() => kindOf(unknown, ENDPOINTS), /ReEncrypt/);
  });

  it("says what a million of them cost, IMDS and deletions being free", () => {
    const first = new Map<Kind, number>([
      ["Decrypt", 1],
      ["GET", 1],
      ["IMDS", 3],
      ["DELETE", 7],
    ]);
    assert.equal(dollarsAMillion(first), 3.4);
    assert.equal(dollarsAMillion(new Map([["LIST", 1]])), 5);
    assert.equal(dollarsAMillion(new Map([["PUT", 1]])), 5);
    assert.equal(saidRequests(first), "1 GET, 7 DELETE, 1 Decrypt");
  });

  it("counts what a process asks, answered or not", () => {
    const folder = mkdtempSync(join(tmpdir(), "postern-test-"));
    const program = `
      const get = (path) => require("node:http").get("http://127.0.0.1:1" + path).on("error", () => {});
      for (const path of ["/bucket/one", "/bucket/two", "/bucket?list-type=2"]) get(path);`;
    const run = createCountedRun({ folder, endpoints: ENDPOINTS });
    const counted = run([process.execPath, "-e", program], {});
    assert.equal(saidRequests(counted), "1 LIST, 2 GET");
    assert.equal(saidRequests(run([process.execPath, "-e", "0"], {})), "");
    rmSync(folder, { recursive: true });
  });
});
