import { Hash } from "@smithy/hash-node";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Sandbox } from "../../agent/sandbox/sandbox.ts";

/** Path and query of a presigned request to a sandbox's S3, good for a minute. */
export async function getSignedUrl(
  { endpoints, publisher, region }: Sandbox,
  method: string,
  path: string,
): Promise<string> {
  const sha256 = Hash.bind(null, "sha256");
  const service = "s3";
  const v4 = new SignatureV4({
    credentials: publisher,
    region,
    service,
    sha256,
    uriEscapePath: false,
  });
  const { host, hostname } = endpoints.s3;
  const request = new HttpRequest({ method, hostname, path: encodeURI(path), headers: { host } });
  request.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
  const { query = {} } = await v4.presign(request, { expiresIn: 60 });
  const parameters = Object.entries(query).map(
    ([name, value]) => `${name}=${encodeURIComponent(String(value))}`,
  );
  return `${encodeURI(path)}?${parameters.join("&")}`;
}
