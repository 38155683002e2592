/**
 * The least that a pass can cost in Node: `node:http` and the SDK's signer, and nothing that makes it safe.
 *
 * As a program (`node bare.js PREFIX`) it lists a prefix and gets every object, 64 at once, into memory; without
 * a prefix it only loads.
 * @module
 */
import http from "node:http";
import { fileURLToPath } from "node:url";
import { Hash } from "@smithy/hash-node";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentialIdentity } from "@smithy/types";

export interface BareAnswer {
  readonly status: number;
  readonly body: Buffer;
}

export interface BareQuestion {
  readonly method: "GET" | "PUT" | "POST";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type BareSigner = (question: BareQuestion) => Promise<BareQuestion>;

export const AT_ONCE = 64;

/** Asks once; `agent` decides whether the connection is kept. */
export function ask(question: BareQuestion, agent: http.Agent): Promise<BareAnswer> {
  const { method, url, headers = {}, body } = question;
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** The role's credentials by IMDSv2: three questions, each needing the answer before it. */
export async function roleCredentials(
  imds: URL,
  agent: http.Agent,
): Promise<AwsCredentialIdentity> {
  const token = await ask(
    {
      method: "PUT",
      url: new URL("/latest/api/token", imds),
      headers: { "x-aws-ec2-metadata-token-ttl-seconds": "21600" },
    },
    agent,
  );
  const headers = { "x-aws-ec2-metadata-token": String(token.body) };
  const path = "/latest/meta-data/iam/security-credentials/";
  const role = await ask({ method: "GET", url: new URL(path, imds), headers }, agent);
  const url = new URL(`${path}${String(role.body)}`, imds);
  const { body } = await ask({ method: "GET", url, headers }, agent);
  const document: unknown = JSON.parse(String(body));
  const text = (name: string): string => String(Object(document)[name]);
  return {
    accessKeyId: text("AccessKeyId"),
    secretAccessKey: text("SecretAccessKey"),
    sessionToken: text("Token"),
  };
}

export function createSigner(
  credentials: AwsCredentialIdentity,
  region: string,
  service: "s3" | "kms",
): BareSigner {
  const signer = new SignatureV4({
    service,
    region,
    credentials,
    sha256: Hash.bind(null, "sha256"),
    uriEscapePath: service !== "s3",
  });
  return async (question) => {
    const { method, url, headers = {}, body } = question;
    const signed = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      port: Number(url.port),
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host, ...headers },
      body,
    });
    return { ...question, headers: signed.headers };
  };
}

async function pass(prefix: string, env: NodeJS.ProcessEnv): Promise<void> {
  const agent = new http.Agent({ keepAlive: true });
  const credentials = await roleCredentials(
    new URL(env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? ""),
    agent,
  );
  const sign = createSigner(credentials, env["AWS_REGION"] ?? "", "s3");
  const base = `${env["AWS_ENDPOINT_URL_S3"]}/${env["POSTERN_BENCH_BUCKET"]}`;
  const get = async (path: string): Promise<Buffer> => {
    const answer = await ask(await sign({ method: "GET", url: new URL(base + path) }), agent);
    if (answer.status !== 200) throw new Error(`${path}: HTTP ${answer.status}`);
    return answer.body;
  };
  const listing = String(await get(`?list-type=2&prefix=${encodeURIComponent(prefix)}`));
  const keys = [...listing.matchAll(/<Key>([^<]*)<\/Key>/g)].map((match) => match[1] ?? "");
  const bodies: Buffer[] = [];
  const left = keys.entries();
  const work = async (): Promise<void> => {
    for (const [index, key] of left) bodies[index] = await get(`/${key}`);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  agent.destroy();
}

const [program = "", prefix] = process.argv.slice(1);
if (program === fileURLToPath(import.meta.url) && prefix !== undefined) {
  await pass(prefix, process.env);
}
