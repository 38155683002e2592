/** Node's global agent for HTTPS, kept from proxies. @module */
import https from "node:https";

/**
 * Replaces it, before the SDK may first use it: under NODE_USE_ENV_PROXY or --use-env-proxy it would ask a proxy.
 *
 * `applyEnvironment` does the same for HTTP. Apart from it, because Node takes as long to load what HTTPS needs as the
 * program's own code, and IMDS is asked without.
 */
export function replaceHttpsAgent(): void {
  https.globalAgent = new https.Agent({ keepAlive: true });
}
