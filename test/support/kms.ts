/** The SDK's own client of a sandbox's KMS. @module */
import assert from "node:assert/strict";
import { KMSClient, KMSServiceException } from "@aws-sdk/client-kms";
import type { TestContext } from "node:test";
import type { Key } from "../../agent/sandbox/keys.ts";
import type { Sandbox, SandboxOptions } from "../../agent/sandbox/sandbox.ts";
import { sandboxFor } from "./sandbox.ts";
import type { Signer } from "./wire.ts";

/** A sandbox with one key, and a client that may do everything. */
export async function kmsFor(
  t: TestContext,
  options: SandboxOptions = {},
): Promise<{ readonly sandbox: Sandbox; readonly key: Key; readonly kms: KMSClient }> {
  const sandbox = await sandboxFor(t, options);
  const key = sandbox.keys.create({ region: sandbox.region });
  return { sandbox, key, kms: kmsClient(t, sandbox) };
}

/** Each call is one request. */
export function kmsClient(
  t: TestContext,
  sandbox: Sandbox,
  signer: Signer = sandbox.publisher,
  region: string = sandbox.region,
): KMSClient {
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  const endpoint = sandbox.endpoints.kms.href;
  const client = new KMSClient({ region, endpoint, credentials: signer, maxAttempts: 1 });
  t.after(() => client.destroy());
  return client;
}

/** What the client makes of an error: its name and its message. */
export async function refusalOf(promise: Promise<unknown>): Promise<readonly [string, string]> {
  const error: unknown = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof KMSServiceException, `expected a KMS error, got ${String(error)}`);
  return [error.name, error.message];
}
