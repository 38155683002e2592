/** Nothing is ever asked outside a group's own prefix, nor of another owner's bucket. @module */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AuthorisationRequest } from "../../agent/sandbox/authorise.ts";
import { configure, fetchAll, hostFor, postern, publish, setOf } from "../support/host.ts";
import { memoryDir } from "../support/temp.ts";

/** Prefixes that begin alike. */
const GROUPS = ["app1", "app10", "web", "web-admin", "web.old"];

describe("the scope of a group", { concurrency: 4 }, () => {
  const folder = memoryDir();

  for (const group of GROUPS) {
    it(`of ${group} is ${group}/ and nothing else`, async (t) => {
      const host = await hostFor(t, folder);
      configure(host, Object.fromEntries(GROUPS.map((name) => [name, { prefix: `${name}/` }])));
      for (const name of GROUPS) await publish(host, name, { "a/b": `of ${name}`, c: "c" });
      // an object whose key is the prefix, and one beside all folders
      await host.sandbox.put(`${group}/`, Buffer.alloc(0));
      await host.sandbox.put(group, Buffer.from("no group's"));
      const { code, asked } = await fetchAll(host, [group]);
      assert.equal(code, 0);
      assert.ok(asked.length >= 4, asked.join());
      for (const line of asked)
        assert.match(line, new RegExp(`^(ListObjectsV2|GetObject) ${group}/`));
      for (const name of GROUPS) {
        const expected = name === group ? { "a/b": `of ${group}`, c: "c" } : undefined;
        assert.deepEqual(setOf(host, name), expected);
      }
    });
  }

  it("is what the policies are asked about: LIST with its prefix, GET of its keys, nothing more", async (t) => {
    const host = await hostFor(t, folder);
    const requests: AuthorisationRequest[] = [];
    host.sandbox.setAuthoriser({
      decide: (request) => {
        requests.push(request);
        return { allowed: true };
      },
    });
    configure(host, { app1: { prefix: "app1/" }, tls: { prefix: "tls/", only: ["key", "cert"] } });
    await publish(host, "app1", { a: "1" });
    await publish(host, "app10", { a: "not ours" });
    await publish(host, "tls", { key: "k", cert: "c", other: "not ours" });
    for (const words of [["fetch"], ["plan"], ["fetch"]]) {
      const { code, stderr } = await postern(host, [...words, "--config", host.config]);
      assert.equal(code, 0, stderr);
    }
    const { bucket } = host.sandbox;
    const seen = new Set(
      requests.map(({ action, resource, context }) =>
        [action, resource, ...(context["s3:prefix"] ?? [])].join(" "),
      ),
    );
    assert.deepEqual([...seen].sort(), [
      `s3:GetObject arn:aws:s3:::${bucket}/app1/a`,
      `s3:GetObject arn:aws:s3:::${bucket}/tls/cert`,
      `s3:GetObject arn:aws:s3:::${bucket}/tls/key`,
      `s3:ListBucket arn:aws:s3:::${bucket} app1/`,
    ]);
  });

  it("needs the bucket to be the expected owner's, for every LIST and every GET", async (t) => {
    const host = await hostFor(t, folder);
    const stranger = "999999999999";
    for (const [settings, denied] of [
      [{ prefix: "web/" }, "ListObjectsV2 web/"],
      [{ prefix: "web/", only: ["a"] }, "GetObject web/a"],
    ] as const) {
      await publish(host, "web", { a: "1" });
      configure(host, { web: settings }, { bucket_owner: stranger, region: "us-east-1" });
      const { code, asked } = await fetchAll(host);
      assert.equal(code, 77);
      assert.deepEqual(asked, [denied], "the first request says whose bucket it must be");
      assert.deepEqual(setOf(host, "web"), undefined);
    }
  });
});
