/** moto: S3 and KMS by other people, in memory, as a process on loopback. @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.ts";

const SERVER = join(root, ".venv-moto", "bin", "moto_server");

/** What to give as `skip`: false, or the reason. */
export const withoutMoto: string | false =
  !existsSync(SERVER) && "moto not installed (node packaging/clients.mjs)";

export interface Moto {
  /** Of S3, by path, and of KMS. */
  readonly endpoint: URL;
  readonly region: string;
  /** That owns everything in it. */
  readonly account: string;
  /** It takes any. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly stop: () => Promise<void>;
}

/** Starts it on a free port, empty, and resolves when it listens. The caller stops it. */
export async function startMoto(): Promise<Moto> {
  const child = spawn(SERVER, ["--host", "127.0.0.1", "--port", "0"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", PYTHONUNBUFFERED: "1" },
  });
  const closed = once(child, "close");
  const stop = async (): Promise<void> => {
    child.kill();
    await closed;
  };
  try {
    const endpoint = new URL(await listening(child.stderr));
    // it logs every request: read on, so that it never waits for a reader
    child.stderr.resume();
    return {
      endpoint,
      region: "us-east-1",
      account: "123456789012",
      credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "any" },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The address that it says it listens at, once it does. */
async function listening(stderr: NodeJS.ReadableStream): Promise<string> {
  const signal = AbortSignal.timeout(60_000);
  let said = "";
  for (;;) {
    const [chunk] = await Promise.race([
      once(stderr, "data", { signal }),
      once(stderr, "end", { signal }).then(() => [undefined]),
    ]);
    if (chunk === undefined) throw new Error(`moto ended: ${said}`);
    said += String(chunk);
    const [, address] = /Running on (http:\/\/\S+)/.exec(said) ?? [];
    if (address !== undefined) return address;
  }
}
