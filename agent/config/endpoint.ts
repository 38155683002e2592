/** Which URLs credentials and secrets may be sent to. @module */
import { BlockList, isIP } from "node:net";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";

/**
 * `text` as the URL of an endpoint: scheme, host and port alone.
 *
 * Plain `http:` is for this very machine (loopback) and for its link (IMDS), unless `insecure`.
 * @throws {PosternError} ConfigInvalid
 */
export function judgeEndpoint(text: string, insecure: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw refuse(text, "an https:// or http:// URL");
  const isBare = url.username === "" && url.password === "" && url.pathname === "/";
  if (!isBare || url.search !== "" || url.hash !== "")
    throw refuse(text, "a URL of scheme, host and port alone");
  if (url.protocol === "http:" && !insecure && !isNearby(url.hostname))
    throw refuse(text, "https://, or http:// to a loopback or link-local address");
  return url;
}

function isNearby(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  // RFC 6761 section 6.3: names below localhost are loopback; a resolver is not asked
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  const near = new BlockList();
  near.addSubnet("127.0.0.0", 8, "ipv4");
  near.addSubnet("169.254.0.0", 16, "ipv4");
  near.addAddress("::1", "ipv6");
  near.addSubnet("fe80::", 10, "ipv6");
  // IMDS over IPv6, reachable from Nitro instances alone
  near.addAddress("fd00:ec2::254", "ipv6");
  const family = isIP(host);
  return family !== 0 && near.check(host, family === 6 ? "ipv6" : "ipv4");
}

function refuse(text: string, expected: string): PosternError {
  // before an "@" may stand a password
  const shown = quote(text.replace(/^.*@/s, "...@"));
  return new PosternError("ConfigInvalid", `invalid URL ${shown}: expected ${expected}`);
}
