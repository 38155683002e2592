/** The keep-alive connections to one service, shared by the SDK's client and by what goes round it. @module */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { replaceHttpsAgent } from "./https-agent.ts";

/** Sends one signed request; redirects are never followed, proxies never used. */
export type Connection = NodeHttpHandler;

/**
 * Opens nothing yet. The caller's limiter bounds how many sockets there will be; `destroy` closes them.
 *
 * Agents of our own also keep out NODE_USE_ENV_PROXY, which changes only Node's global ones; and the one for HTTPS is
 * replaced, for what of the SDK is loaded later.
 *
 * @param connectTimeoutMs until TCP (and TLS) stands
 */
export function createConnection(connectTimeoutMs: number): Connection {
  replaceHttpsAgent();
  return new NodeHttpHandler({
    connectionTimeout: connectTimeoutMs,
    httpAgent: new HttpAgent({ keepAlive: true }),
    httpsAgent: new HttpsAgent({ keepAlive: true }),
  });
}
