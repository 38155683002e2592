/** What must never be printed or written down, and the forms in which it could be. @module */
import assert from "node:assert/strict";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestHost } from "./host.ts";
import { exchange } from "./wire.ts";

/** All that may make them say more. */
export const LOUD: Readonly<Record<string, string>> = {
  POSTERN_DEBUG: "1",
  DEBUG: "*",
  AWS_LOG_LEVEL: "debug",
  AWS_SDK_LOG_LEVEL: "debug",
  NODE_DEBUG: "*",
};

/** The values, and the credentials that this host has right now, each in every form. */
export async function canariesOf(
  host: TestHost,
  values: readonly string[],
): Promise<readonly string[]> {
  return [...values, ...(await credentialsOf(host))].flatMap(formsOf);
}

/** The first canary that `text` holds; a signature is one by its looks. */
export function findCanary(text: string, canaries: readonly string[]): string | undefined {
  return (
    canaries.find((canary) => text.includes(canary)) ??
    /AWS4-HMAC-SHA256|Signature=|x-amz-security-token|x-aws-ec2-metadata-token: /i.exec(text)?.[0]
  );
}

/** Holds what was printed, and everything that was written down but the secrets themselves, to be without any. */
export function assertSilent(
  host: TestHost,
  canaries: readonly string[],
  said: readonly { readonly stdout: string | Buffer; readonly stderr: string }[],
): void {
  for (const { stdout, stderr } of said)
    for (const text of [stdout.toString("latin1"), stderr])
      assert.equal(findCanary(text, canaries), undefined, text);
  for (const path of filesBeside(host))
    assert.equal(findCanary(readFileSync(path, "latin1"), canaries), undefined, path);
}

/** As it is, as bytes in base64 (of either alphabet) and hexadecimal, in JSON, in a URL. */
function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  // three alignments: base64 of a text that the value is a part of
  const shifted = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .slice(4, -4),
  );
  const forms = [
    value,
    ...shifted,
    bytes.toString("base64url"),
    bytes.toString("hex"),
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
  ];
  return [...new Set(forms)];
}

/** Secret key and session token of the host's role, which IMDS hands out until they near their end. */
async function credentialsOf({ sandbox }: TestHost): Promise<readonly string[]> {
  const { imds } = sandbox.endpoints;
  const ttl = { "x-aws-ec2-metadata-token-ttl-seconds": "60" };
  const token = await exchange(imds, { method: "PUT", path: "/latest/api/token", headers: ttl });
  const answer = await exchange(imds, {
    path: `/latest/meta-data/iam/security-credentials/${sandbox.role}`,
    headers: { "x-aws-ec2-metadata-token": token.text },
  });
  const { SecretAccessKey, Token } = JSON.parse(answer.text) as Readonly<Record<string, string>>;
  assert.ok(SecretAccessKey !== undefined && Token !== undefined);
  return [SecretAccessKey, Token];
}

/** Everything that postern wrote but the secrets, and but the key that is meant to be one. */
function filesBeside({ run, state }: TestHost): readonly string[] {
  return [run, state].flatMap((tree) =>
    readdirSync(tree, { recursive: true, encoding: "utf8" })
      .filter((name) => !/^secrets\/|\/(gen\/[0-9a-f]{12}|current)\/|^host.key$/.test(name))
      .map((name) => join(tree, name))
      .filter((path) => lstatSync(path).isFile()),
  );
}
