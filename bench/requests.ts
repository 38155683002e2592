/**
 * Which requests a process makes, and what they cost.
 *
 * Counted where they leave, in the process itself: whatever a program says of them, and retries as well. Node
 * tells of each request, so that nothing stands between the process and the sandbox.
 * @see https://nodejs.org/api/diagnostics_channel.html "http.client.request.start"
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PRICE_MICRODOLLARS } from "../agent/demo/cost.ts";
import { runProgram } from "./measure.ts";
import type { World } from "./world.ts";

/** `GetBucket`: any question about the bucket itself, as a publisher asks before it writes. */
const KINDS = [
  "LIST",
  "GET",
  "HEAD",
  "PUT",
  "DELETE",
  "GetBucket",
  "GenerateDataKey",
  "Decrypt",
  "IMDS",
] as const;

export type Kind = (typeof KINDS)[number];

/** How many of each kind; what is not in it did not happen. */
export type Requests = ReadonlyMap<Kind, number>;

/** One request as it left. */
export interface Sent {
  readonly method: string;
  /** With its port. */
  readonly host: string;
  /** With its query. */
  readonly path: string;
  /** KMS's `x-amz-target`; empty for everything else. */
  readonly target: string;
}

/** @throws {Error} for a request that nobody has thought of: it would be missing in the sum */
export function kindOf({ method, host, path, target }: Sent, { imds }: World["endpoints"]): Kind {
  if (host === imds.host) return "IMDS";
  const { pathname, searchParams } = new URL(path, "http://bucket");
  // "/BUCKET" and "/BUCKET/" are the bucket
  const hasKey = /^\/[^/]+\/./.test(pathname);
  const isList = searchParams.has("list-type") || searchParams.has("versions");
  const ofBucket = isList ? "LIST" : "GetBucket";
  const name = target === "" ? method : target.slice(target.indexOf(".") + 1);
  const kind = method === "GET" && !hasKey ? ofBucket : KINDS.find((known) => known === name);
  if (kind === undefined)
    throw new Error(`a request of no known kind: ${method} ${path} ${target}`);
  return kind;
}

// S3 has two classes: "PUT, COPY, POST, LIST" and "GET, SELECT, and all other"; deletions and IMDS are free
const PRICES: Readonly<Record<Kind, number>> = {
  LIST: PRICE_MICRODOLLARS.list,
  PUT: PRICE_MICRODOLLARS.list,
  GET: PRICE_MICRODOLLARS.get,
  HEAD: PRICE_MICRODOLLARS.get,
  GetBucket: PRICE_MICRODOLLARS.get,
  GenerateDataKey: PRICE_MICRODOLLARS.decrypt,
  Decrypt: PRICE_MICRODOLLARS.decrypt,
  DELETE: 0,
  IMDS: 0,
};

/** What a million times these requests cost: as many dollars as one time costs millionths. */
export function dollarsAMillion(requests: Requests): number {
  return [...requests].reduce((sum, [kind, count]) => sum + count * PRICES[kind], 0);
}

/** "1 GET, 1 Decrypt", in the order of the kinds, without what is asked of the instance, which is free. */
export function saidRequests(requests: Requests): string {
  const paid = KINDS.filter((kind) => kind !== "IMDS" && requests.has(kind));
  return paid.map((kind) => `${requests.get(kind)} ${kind}`).join(", ");
}

/** Runs a command to its end, as `runProgram` does, and gives what it asked. */
export type CountedRun = (
  command: readonly string[],
  env: Readonly<Record<string, string>>,
) => Requests;

/** Lets each process write down what it asked, as its last act. */
export function createCountedRun({
  folder,
  endpoints,
}: Pick<World, "folder" | "endpoints">): CountedRun {
  const report = join(folder, "requests.tsv");
  const hook = join(folder, "requests.cjs");
  writeFileSync(
    hook,
    `const lines = [];
    require("node:diagnostics_channel").subscribe("http.client.request.start", ({ request }) => {
      const said = (name) => request.getHeader(name) ?? "";
      lines.push([request.method, said("host"), request.path, said("x-amz-target")].join("\\t") + "\\n");
    });
    process.on("exit", () => require("node:fs").appendFileSync(${JSON.stringify(report)}, lines.join("")));`,
  );
  return (command, env) => {
    writeFileSync(report, "");
    runProgram(command, { ...env, NODE_OPTIONS: `--require ${hook}` });
    const counts = new Map<Kind, number>();
    for (const line of readFileSync(report, "utf8").split("\n").slice(0, -1)) {
      const [method = "", host = "", path = "", target = ""] = line.split("\t");
      const kind = kindOf({ method, host, path, target }, endpoints);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    return counts;
  };
}
