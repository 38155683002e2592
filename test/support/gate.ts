/**
 * A gate between one publisher and S3: every request waits to be let through, and may be lost on either way.
 *
 *     publisher ── gate ── S3
 *
 * The sandbox's own faults befall whoever comes first; a gate is one publisher's alone, so that the same choices make
 * the same run, against any S3.
 * @module
 */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/**
 * - `pass`: as if there were no gate.
 * - `refused`, `reset`: 503, or a reset connection; S3 never hears of it.
 * - `contested`: 409, another writer is at it; S3 never hears of it.
 * - `failed`, `lost`: S3 does it, and 503, or a reset connection, comes in place of its answer.
 */
export type Passage = "pass" | "refused" | "reset" | "contested" | "failed" | "lost";

export interface Knock {
  /** From 1. */
  readonly number: number;
  readonly method: string;
  /** Whether it changes anything. */
  readonly writes: boolean;
}

export interface Gate {
  readonly url: URL;
  /** How many requests came. */
  count(): number;
  close(): Promise<void>;
}

/**
 * @param admit told of each request, when it is there
 * @param answered told when its answer is on its way back, or lost
 */
export async function openGate(
  target: URL,
  admit: (knock: Knock) => Promise<Passage> | Passage,
  answered: () => void = () => {},
): Promise<Gate> {
  const agent = new Agent({ keepAlive: true });
  let count = 0;
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await buffer(incoming);
    const { method = "GET" } = incoming;
    const writes = method === "PUT" || method === "DELETE";
    const passage = await admit({ number: (count += 1), method, writes });
    try {
      await carry({ target, agent, incoming, body, outgoing }, passage);
    } finally {
      answered();
    }
  };
  const server = createServer({ keepAliveTimeout: 120_000 }, (incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    count: () => count,
    close: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Load {
  readonly target: URL;
  readonly agent: Agent;
  readonly incoming: IncomingMessage;
  readonly body: Buffer;
  readonly outgoing: ServerResponse;
}

async function carry(load: Load, passage: Passage): Promise<void> {
  const { outgoing } = load;
  switch (passage) {
    case "reset":
      outgoing.socket?.resetAndDestroy();
      return;
    case "refused":
      return refuse(load, 503, "ServiceUnavailable");
    case "contested":
      return refuse(load, 409, "ConditionalRequestConflict");
    case "lost":
      await forward(load);
      outgoing.socket?.resetAndDestroy();
      return;
    case "failed":
      await forward(load);
      return refuse(load, 503, "ServiceUnavailable");
    case "pass": {
      const { status, headers, body } = await forward(load);
      outgoing.sendDate = false;
      outgoing.writeHead(status, headers);
      outgoing.end(body);
      return;
    }
    default:
      return passage satisfies never;
  }
}

interface Answer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Buffer;
}

function forward({ target, agent, incoming, body }: Load): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = target;
    const { method, url: path, rawHeaders: headers } = incoming;
    const sent = request({ hostname, port, method, path, headers, agent }, (answer) => {
      buffer(answer).then(
        (read) =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.rawHeaders, body: read }),
        reject,
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function refuse({ incoming, outgoing }: Load, status: number, code: string): void {
  const body = `<Error><Code>${code}</Code><Message>-</Message></Error>`;
  outgoing.writeHead(status, { "Content-Type": "application/xml", "Content-Length": body.length });
  outgoing.end(incoming.method === "HEAD" ? undefined : body);
}
