import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import { type AdminActions, servePort, serveSocket } from "../../agent/daemon/admin.ts";
import { socketPath } from "../../agent/store/layout.ts";
import { askDaemon } from "../../agent/daemon/admin-client.ts";
import { closeTree } from "../../agent/store/tree.ts";
import { gid, newWorld, open } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();

const actions: AdminActions = {
  status: () => ({ groups: [] }),
  refresh: (body) => Promise.resolve({ asked: body }),
  rollBack: () => Promise.reject(new PosternError("NotFound", "nothing", { hint: "do this" })),
  metrics: () => Promise.resolve("postern_up 1\n"),
  notReady: (group) => (group === "web" ? [] : ["db"]),
};

/** A tree whose socket answers, for as long as the test. */
async function serving(t: TestContext, more: Partial<AdminActions> = {}): Promise<string> {
  const root = mkdtempSync(join(temp, "a-"));
  const tree = open(newWorld(root));
  const admin = await serveSocket(tree, gid, { ...actions, ...more });
  t.after(async () => {
    await admin.close();
    closeTree(tree);
  });
  return join(root, "run");
}

interface Said {
  readonly status: number;
  readonly body: string;
}

function ask(
  run: string,
  path: string,
  { method = "GET", headers = {}, body = "" } = {},
): Promise<Said> {
  return new Promise((resolve, reject) => {
    const options = {
      socketPath: socketPath(run),
      path,
      method,
      headers: { host: "postern", ...headers },
    };
    const asking = request(options, (response) => {
      let said = "";
      response.setEncoding("utf8").on("data", (text: string) => (said += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: said }));
    });
    asking.on("error", reject);
    asking.end(body);
  });
}

describe("the control socket", () => {
  it("is open to its owner and group alone, in a folder that is too", async (t) => {
    const run = await serving(t);
    assert.equal(statSync(socketPath(run)).mode & 0o777, 0o660);
    assert.equal(statSync(join(run, "control")).mode & 0o777, 0o750);
  });

  const answers = [
    ["GET", "/v1/status", 200, /"groups":\[\]/],
    ["POST", "/v1/refresh", 200, /"asked":\{"groups":\["web"\]\}/],
    ["POST", "/v1/rollback", 404, /"message":"nothing","hint":"do this"/],
    ["GET", "/metrics", 200, /^postern_up 1$/m],
    ["GET", "/healthz", 200, /"ok":true/],
    ["GET", "/readyz", 503, /"missing":\["db"\]/],
    ["GET", "/readyz?group=web", 200, /"ready":true/],
  ] as const;
  for (const [method, path, status, expected] of answers)
    it(`answers ${method} ${path} with ${status}`, async (t) => {
      const run = await serving(t);
      const said = await ask(run, path, {
        method,
        body: method === "POST" ? '{"groups":["web"]}' : "",
      });
      assert.equal(said.status, status);
      assert.match(said.body, expected);
    });

  const refused = [
    ["another path", "/v1/secrets", {}, 404],
    ["a path that objects have", "/constructor", {}, 404],
    ["another method", "/v1/status", { method: "DELETE" }, 405],
    ["a GET that would change something", "/v1/refresh", {}, 405],
    ["another host", "/v1/status", { headers: { host: "evil.example" } }, 403],
    ["a browser", "/v1/status", { headers: { origin: "http://evil.example" } }, 403],
    ["a proxy", "/v1/status", { headers: { "x-forwarded-for": "10.0.0.1" } }, 403],
    ["a proxy by its standard", "/v1/status", { headers: { forwarded: "for=10.0.0.1" } }, 403],
    ["a proxy that signs", "/v1/status", { headers: { via: "1.1 proxy" } }, 403],
    ["a body that is no JSON", "/v1/refresh", { method: "POST", body: "{" }, 400],
    [
      "a body that is too long",
      "/v1/refresh",
      { method: "POST", body: `"${"x".repeat(70_000)}"` },
      400,
    ],
  ] as const;
  for (const [why, path, parts, status] of refused)
    it(`refuses ${why}`, async (t) => {
      const run = await serving(t);
      assert.equal((await ask(run, path, parts)).status, status);
    });

  it("goes on after what is no HTTP", async (t) => {
    const run = await serving(t);
    const garbage = connect(socketPath(run));
    garbage.resume().end("\0\0 not http\r\n\r\n");
    await new Promise((resolve) => garbage.on("close", resolve));
    assert.equal((await ask(run, "/healthz")).status, 200);
  });

  it("takes the place of a dead daemon's, and of nothing else", async () => {
    const root = mkdtempSync(join(temp, "a-"));
    const tree = open(newWorld(root));
    const path = socketPath(join(root, "run"));
    const first = await serveSocket(tree, gid, actions);
    // a second server takes it over, as the one that holds the lock may
    const second = await serveSocket(tree, gid, actions);
    await first.close();
    await second.close();
    for (const plant of [
      () => writeFileSync(path, "theirs"),
      () => symlinkSync("/etc/passwd", path),
    ]) {
      plant();
      await assert.rejects(serveSocket(tree, gid, actions), /is in the way/);
      assert.ok(readFileSync(path).length > 0);
      (await import("node:fs")).unlinkSync(path);
    }
    closeTree(tree);
  });
});

describe("asking the daemon", () => {
  it("gives its answer, or its refusal", async (t) => {
    const run = await serving(t);
    const question = { method: "POST", path: "/v1/refresh", body: { groups: [] } } as const;
    assert.deepEqual(await askDaemon(run, question), { asked: { groups: [] } });
    await assert.rejects(askDaemon(run, { method: "POST", path: "/v1/rollback", body: {} }), {
      code: "NotFound",
      message: "nothing",
      hint: "do this",
    });
  });

  for (const code of ["CannotWrite", "Unavailable", "Internal"] as const)
    it(`fails as the daemon did: ${code}`, async (t) => {
      const rollBack = (): Promise<never> => Promise.reject(new PosternError(code, "no"));
      const run = await serving(t, { rollBack });
      const question = { method: "POST", path: "/v1/rollback", body: {} } as const;
      await assert.rejects(askDaemon(run, question), { code, message: "no" });
    });

  it("gives nothing when none runs", async () => {
    const run = mkdtempSync(join(temp, "a-"));
    assert.equal(await askDaemon(run, { method: "GET", path: "/v1/status" }), undefined);
  });
});

describe("the metrics port", () => {
  it("serves metrics and health, and nothing that says or changes more", async (t) => {
    const admin = await servePort({ host: "127.0.0.1", port: 0 }, actions);
    t.after(() => admin.close());
    const get = (path: string, host = "localhost"): Promise<number> =>
      new Promise((resolve, reject) => {
        const options = { host: "127.0.0.1", port: admin.port, path, headers: { host } };
        request(options, (response) => resolve(response.resume().statusCode ?? 0))
          .on("error", reject)
          .end();
      });
    assert.equal(await get("/metrics"), 200);
    assert.equal(await get("/v1/status"), 404);
    assert.equal(await get("/metrics", "rebound.example"), 403);
  });
});
