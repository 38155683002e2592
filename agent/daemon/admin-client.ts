/** Asking the running daemon through its control socket. @module */
import { statSync } from "node:fs";
import { request } from "node:http";
import { errnoOf, isErrorCode, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { socketPath } from "../store/layout.ts";

export interface Question {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
}

// a pass over all groups, and a publisher who is waited for
const TIMEOUT_MS = 15 * 60_000;
// a status of a thousand groups with long errors
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/**
 * What the daemon answers, parsed; undefined when none runs.
 * @param run the run directory
 * @throws {PosternError} what the daemon refused with; Denied when this user may not ask; Unavailable when it broke off
 */
export async function askDaemon(run: string, question: Question): Promise<unknown> {
  const path = socketPath(run);
  let answer: { readonly status: number; readonly text: string };
  try {
    // most often there is none, and a first request takes ten times as long to say so
    statSync(path);
    answer = await exchange(path, question);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ECONNREFUSED" || errno === "ENOTDIR") return undefined;
    if (errno === "EACCES")
      throw new PosternError("Denied", `denied: may not ask the daemon at ${quote(path)}`, {
        hint: "be root, or a member of its control group",
      });
    if (error instanceof PosternError) throw error;
    throw new PosternError("Unavailable", `the daemon broke off (${errno ?? "unknown error"})`, {
      cause: error,
      hint: "see its log: journalctl -u postern",
    });
  }
  return understood(answer);
}

function exchange(
  path: string,
  { method, path: route, body }: Question,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { host: "postern", "content-type": "application/json" };
    const options = { socketPath: path, method, path: route, headers, timeout: TIMEOUT_MS };
    const asking = request(options, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_ANSWER_BYTES) asking.destroy(new Error("too long"));
        chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    asking.on("timeout", () =>
      asking.destroy(new PosternError("Unavailable", "the daemon did not answer in time")),
    );
    asking.on("error", reject);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function understood({ status, text }: { readonly status: number; readonly text: string }): unknown {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    throw new PosternError("Unavailable", "the daemon's answer is no JSON");
  }
  if (status === 200) return said;
  throw faultIn(said);
}

/** The error that the daemon told, as it would have been here. */
function faultIn(said: unknown): PosternError {
  const error =
    typeof said === "object" && said !== null && "error" in said ? said.error : undefined;
  if (typeof error !== "object" || error === null) return unreadable();
  if (!("code" in error) || !("message" in error)) return unreadable();
  const { code, message } = error;
  if (typeof message !== "string") return unreadable();
  const hint = "hint" in error && typeof error.hint === "string" ? error.hint : undefined;
  return new PosternError(
    isErrorCode(code) ? code : "Internal",
    message,
    hint === undefined ? {} : { hint },
  );
}

function unreadable(): PosternError {
  return new PosternError("Unavailable", "the daemon's answer is not understood", {
    hint: "is it of another version? restart it: systemctl restart postern",
  });
}
