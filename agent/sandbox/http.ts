/**
 * The sandbox's HTTP front: one listener on loopback for one service. Reads a request whole, lets faults
 * strike, asks the service, writes the answer and the log.
 * @module
 */
import { setMaxListeners } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { errnoOf, PosternError } from "../core/errors.ts";
import type { Chance, Clock } from "../core/clock.ts";
import type { Fault, Faults } from "./faults.ts";
import type { RequestLog } from "./request-log.ts";
import type { Answer, Refusal, Service, WireRequest, WireResponse } from "./service.ts";

export interface Front {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly faults: Faults;
  readonly log: RequestLog;
  /** The largest body taken, in bytes. */
  readonly maxBodyBytes?: number;
  /** Told of a fault of the sandbox itself; the client gets the service's internal error. */
  crashed(error: unknown): void;
}

export interface Listener {
  readonly url: URL;
  /** Ends the connections that are open, hung ones too. */
  close(): Promise<void>;
}

/** Bytes: several times a multipart chunk of any client's default. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;

/** Longer than any client keeps an idle connection, so that the client always closes first. */
const KEEP_ALIVE_MS = 120_000;

/**
 * Listens on 127.0.0.1.
 * @param port 0 picks a free one
 * @throws {PosternError} Unavailable when the port is taken or not ours to take
 */
export async function listen(service: Service, front: Front, port = 0): Promise<Listener> {
  const closing = new AbortController();
  // every answer that comes late on purpose listens
  setMaxListeners(0, closing.signal);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (incoming, outgoing) => {
    serve(service, front, incoming, outgoing, closing.signal).catch((error: unknown) => {
      outgoing.destroy();
      // a client that went away, or a listener that is closing, is no fault of the sandbox
      if (!incoming.destroyed && !closing.signal.aborted) front.crashed(error);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const why = errnoOf(cause) ?? "unknown";
      reject(
        new PosternError("Unavailable", `cannot listen on 127.0.0.1:${port}: ${why}`, { cause }),
      );
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: new URL(`http://127.0.0.1:${bound}`),
    close: () =>
      new Promise((resolve) => {
        closing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  service: Service,
  front: Front,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  closing: AbortSignal,
): Promise<void> {
  const request = await readRequest(incoming, front.maxBodyBytes ?? MAX_BODY_BYTES);
  if (request === undefined) {
    outgoing.writeHead(413, { Connection: "close" }).end();
    return;
  }
  const asked = service.asked(request);
  const faults = front.faults.strike(service.name, asked);
  const delayMs = totalMs(faults, "latency");
  if (delayMs > 0) await front.clock.sleep(delayMs, closing);
  const now = front.clock.now() + totalMs(faults, "clock-skew");
  const fault = faults.find(({ kind }) => kind !== "latency" && kind !== "clock-skew");
  const answer = await answerOf(service, front, request, { now, fault });
  const response = { ...answer.response, body: spoil(answer.response.body, fault) };
  front.log.add({
    service: service.name,
    ...asked,
    principal: answer.principal,
    ...(answer.denial === undefined ? {} : { denial: answer.denial }),
    status: response.status,
    bytes: request.method === "HEAD" ? 0 : response.body.length,
    faults: faults.map(({ kind }) => kind),
  });
  await writeResponse(outgoing, request, response, now, fault);
}

async function answerOf(
  service: Service,
  front: Front,
  request: WireRequest,
  { now, fault }: { readonly now: number; readonly fault: Fault | undefined },
): Promise<Answer> {
  const requestId = front.chance.bytes(8).toString("hex").toUpperCase();
  const moment = { now, requestId, contested: fault?.kind === "conflict" };
  const refusal = refusalOf(fault);
  if (refusal !== undefined) return { response: service.refuse(refusal, request, moment) };
  // a request that is never answered must not have changed anything either
  if (fault?.kind === "reset" || fault?.kind === "hang")
    return { response: { status: 0, headers: {}, body: Buffer.alloc(0) } };
  try {
    return await service.answer(request, moment);
  } catch (error) {
    front.crashed(error);
    return { response: service.refuse("internal", request, moment) };
  }
}

function refusalOf(fault: Fault | undefined): Refusal | undefined {
  switch (fault?.kind) {
    case "throttle":
    case "expired-credentials":
      return fault.kind;
    case "500":
      return "internal";
    case "503":
      return "unavailable";
    case "conflict":
    case "latency":
    case "clock-skew":
    case "reset":
    case "lost":
    case "hang":
    case "truncate":
    case "garbage":
    case "bitflip":
    case undefined:
      return undefined;
    default:
      return fault satisfies never;
  }
}

function spoil(body: Buffer, fault: Fault | undefined): Buffer {
  if (fault?.kind === "garbage") return Buffer.from("<html><body>captive portal</body></html>");
  if (fault?.kind !== "bitflip" || body.length === 0) return body;
  const flipped = Buffer.from(body);
  const middle = Math.floor(body.length / 2);
  flipped.writeUInt8(flipped.readUInt8(middle) ^ 1, middle);
  return flipped;
}

async function writeResponse(
  outgoing: ServerResponse,
  request: WireRequest,
  response: WireResponse,
  now: number,
  fault: Fault | undefined,
): Promise<void> {
  if (fault?.kind === "hang") return;
  if (fault?.kind === "reset" || fault?.kind === "lost") {
    outgoing.socket?.resetAndDestroy();
    return;
  }
  const garbage = fault?.kind === "garbage";
  const bodiless = response.status === 204 || response.status === 304;
  outgoing.sendDate = false;
  outgoing.writeHead(garbage ? 200 : response.status, {
    ...(garbage ? { "Content-Type": "text/html" } : response.headers),
    Date: new Date(now).toUTCString(),
    ...(bodiless ? {} : { "Content-Length": response.body.length }),
  });
  if (fault?.kind === "truncate") {
    const part = response.body.subarray(0, fault.bytes);
    await new Promise((resolve) => outgoing.write(part, resolve));
    outgoing.destroy();
    return;
  }
  outgoing.end(request.method === "HEAD" || bodiless ? undefined : response.body);
}

// a body that is too large is read to its end all the same: a client that is still sending hears no answer
async function readRequest(
  incoming: IncomingMessage,
  maxBytes: number,
): Promise<WireRequest | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of incoming) {
    if (!Buffer.isBuffer(part)) continue;
    length += part.length;
    if (length <= maxBytes) parts.push(part);
  }
  if (length > maxBytes) return undefined;
  const url = incoming.url ?? "/";
  const question = url.indexOf("?");
  return {
    method: incoming.method ?? "GET",
    rawPath: question === -1 ? url : url.slice(0, question),
    rawQuery: question === -1 ? "" : url.slice(question + 1),
    headers: groupHeaders(incoming.rawHeaders),
    body: Buffer.concat(parts),
    remote: incoming.socket.remoteAddress ?? "",
  };
}

// Node's own map joins or drops repeated headers; a signature covers them all
function groupHeaders(raw: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const grouped = new Map<string, string[]>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    const value = raw[at + 1] ?? "";
    const values = grouped.get(name);
    if (values) values.push(value);
    else grouped.set(name, [value]);
  }
  return grouped;
}

function totalMs(faults: readonly Fault[], kind: "latency" | "clock-skew"): number {
  return faults.reduce(
    (sum, fault) => (fault.kind === kind && "ms" in fault ? sum + fault.ms : sum),
    0,
  );
}
