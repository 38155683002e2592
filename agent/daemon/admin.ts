/**
 * The control socket: what a person or a recipe may ask of the running daemon. It never serves a value.
 *
 *     RUN/control/             0750, of the running user and the control group
 *       agent.sock             0660
 *
 * HTTP on a Unix socket, so that curl can ask too. Who may connect is the kernel's to say, by the modes above: Node
 * cannot read a peer's credentials. Whatever a browser, a proxy or a redirect would send is refused, should anything
 * ever lead one here.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { PosternError, toPosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { socketPath } from "../store/layout.ts";
import { openControl } from "../store/control.ts";
import type { Tree } from "../store/tree.ts";

/** What the daemon does when it is asked. Each may throw PosternError. */
export interface AdminActions {
  readonly status: () => unknown;
  readonly refresh: (request: unknown) => Promise<unknown>;
  readonly rollBack: (request: unknown) => Promise<unknown>;
  readonly metrics: () => Promise<string>;
  /** Names of the groups without a set; of the one named, or of all. */
  readonly notReady: (group: string | undefined) => readonly string[];
}

export interface Admin {
  /** Ends it, and whatever is connected. */
  close(): Promise<void>;
}

// sockaddr_un has 108 bytes, the last for NUL
const MAX_SOCKET_PATH = 107;
const MAX_BODY_BYTES = 64 * 1024;
const MAX_CONNECTIONS = 64;
const LIMITS = { maxHeaderSize: 8 * 1024, requestTimeout: 10_000, headersTimeout: 5000 };

/**
 * Listens on the control socket; the caller holds the lock, so a socket that is there already is a dead daemon's.
 * @param gid of the group that may connect, beside the running user
 * @throws {PosternError} CannotWrite or UnsafeTree when the socket cannot be made
 */
export async function serveSocket(tree: Tree, gid: number, actions: AdminActions): Promise<Admin> {
  const path = socketPath(tree.run.path);
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH)
    throw new PosternError("CannotWrite", `${quote(path)} is too long for a socket`, {
      hint: "choose a shorter paths.run",
    });
  const control = openControl(tree, gid);
  const hosts = ["postern", "localhost"];
  const server = createServer(LIMITS, answerWith(routesOf(actions), hosts));
  try {
    await listening(server, () => {
      // nobody may connect before the mode is right; the socket is made within this call, and nothing else is
      const before = process.umask(0o117);
      try {
        server.listen(path);
      } finally {
        process.umask(before);
      }
    });
    control.giveSocket();
  } finally {
    control.close();
  }
  return closing(server);
}

/**
 * Serves metrics and health alone on a loopback port, for scrapers that cannot open a socket.
 * @throws {PosternError} CannotWrite when the port is taken
 */
export async function servePort(
  { host, port }: { readonly host: string; readonly port: number },
  actions: AdminActions,
): Promise<Admin & { readonly port: number }> {
  const { "/v1/status": _, "/v1/refresh": __, "/v1/rollback": ___, ...open } = routesOf(actions);
  const names = ["localhost", "127.0.0.1", "[::1]"];
  const server = createServer(LIMITS, answerWith(open, names));
  await listening(server, () => server.listen(port, host));
  const address = server.address();
  const taken = typeof address === "object" && address !== null ? address.port : port;
  return { ...closing(server), port: taken };
}

interface Answer {
  readonly status: number;
  readonly type: "application/json" | "text/plain; version=0.0.4; charset=utf-8";
  readonly body: string;
}

interface Route {
  readonly method: "GET" | "POST";
  readonly act: (query: URLSearchParams, body: unknown) => Promise<Answer>;
}

type Routes = Readonly<Record<string, Route>>;

function routesOf(actions: AdminActions): Routes {
  return {
    "/v1/status": { method: "GET", act: async () => json(200, actions.status()) },
    "/v1/refresh": {
      method: "POST",
      act: async (_, body) => json(200, await actions.refresh(body)),
    },
    "/v1/rollback": {
      method: "POST",
      act: async (_, body) => json(200, await actions.rollBack(body)),
    },
    "/metrics": { method: "GET", act: async () => text(await actions.metrics()) },
    "/healthz": { method: "GET", act: async () => json(200, { ok: true }) },
    "/readyz": {
      method: "GET",
      act: async (query) => {
        const missing = actions.notReady(query.get("group") ?? undefined);
        return json(missing.length === 0 ? 200 : 503, { ready: missing.length === 0, missing });
      },
    },
  };
}

function json(status: number, value: unknown): Answer {
  return { status, type: "application/json", body: `${JSON.stringify(value)}\n` };
}

function text(body: string): Answer {
  return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body };
}

function answerWith(
  routes: Routes,
  hosts: readonly string[],
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    void answer(request, routes, hosts)
      .catch(faultAnswer)
      .then(({ status, type, body }) => {
        response.writeHead(status, {
          "content-type": type,
          "cache-control": "no-store",
          "x-content-type-options": "nosniff",
          // what is left of a body that was refused is not read as another request
          connection: "close",
        });
        response.end(body);
      });
  };
}

async function answer(
  request: IncomingMessage,
  routes: Routes,
  hosts: readonly string[],
): Promise<Answer> {
  const refused = refusalOf(request, hosts);
  if (refused !== undefined) return refusal(403, refused);
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://postern");
  const route = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined;
  if (route === undefined)
    return refusal(404, `no such path: expected one of ${Object.keys(routes).join(", ")}`);
  if (request.method !== route.method)
    return refusal(405, `expected ${route.method}, got another method`);
  return route.act(searchParams, route.method === "POST" ? await bodyOf(request) : undefined);
}

/** What no client of ours sends, and a browser or a proxy does. */
function refusalOf({ headers }: IncomingMessage, hosts: readonly string[]): string | undefined {
  const name = headers.host?.replace(/:\d+$/, "") ?? "";
  if (!hosts.includes(name)) return `expected Host: ${hosts[0]}`;
  for (const header of ["origin", "x-forwarded-for", "forwarded", "via", "upgrade"])
    if (headers[header] !== undefined) return `expected no header ${header}`;
  return undefined;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const said = await textOf(request);
  try {
    return said === "" ? {} : JSON.parse(said);
  } catch {
    throw new PosternError("Usage", "expected a body of JSON");
  }
}

function textOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(new PosternError("Usage", `expected a body of at most ${MAX_BODY_BYTES} bytes`));
    });
    request.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.on("error", reject);
  });
}

function faultAnswer(error: unknown): Answer {
  const { code, message, hint } = toPosternError(error);
  const status = code === "Usage" ? 400 : code === "NotFound" ? 404 : 500;
  return json(status, { error: { code, message, hint: hint ?? null } });
}

function refusal(status: number, message: string): Answer {
  return json(status, { error: { code: "Usage", message, hint: null } });
}

function listening(server: Server, listen: () => void): Promise<void> {
  server.maxConnections = MAX_CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(
        new PosternError("CannotWrite", `cannot listen (${cause.code ?? "unknown error"})`, {
          cause,
        }),
      );
    });
    server.once("listening", () => resolve());
    listen();
  });
}

function closing(server: Server): Admin {
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
