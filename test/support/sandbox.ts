/** Sandboxes for tests: started, and closed when the test is over. @module */
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import type { TestContext } from "node:test";
import { startSandbox, type Sandbox, type SandboxOptions } from "../../agent/sandbox/sandbox.ts";
import { signed, exchange, type Got, type Sent, type Signer } from "./wire.ts";

/** A sandbox that ends with the test. */
export async function sandboxFor(t: TestContext, options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  t.after(() => sandbox.close());
  return sandbox;
}

/** The SDK's own client; each call is one request unless `maxAttempts` says otherwise. */
export function s3Client(
  t: TestContext,
  sandbox: Sandbox,
  signer: Signer = sandbox.publisher,
  config: S3ClientConfig = {},
): S3Client {
  const client = new S3Client({
    endpoint: sandbox.endpoints.s3.href,
    region: sandbox.region,
    credentials: signer,
    forcePathStyle: true,
    maxAttempts: 1,
    ...config,
  });
  t.after(() => client.destroy());
  return client;
}

/** One signed request, sent byte by byte as given. */
export async function ask(
  sandbox: Sandbox,
  sent: Sent,
  signer: Signer = sandbox.publisher,
): Promise<Got> {
  return exchange(sandbox.endpoints.s3, await signed(sandbox.endpoints.s3, sent, signer));
}

/** The `<Code>` of S3's error, or undefined. */
export function codeIn(got: Got): string | undefined {
  return /<Code>([^<]+)<\/Code>/.exec(got.text)?.[1];
}

/** The name of the error that a call of the SDK fails with. */
export async function errorOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return error instanceof Error ? error.name : typeof error;
  }
  return "none";
}
