import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { systemChance, systemClock } from "../../agent/core/clock.ts";
import type { Key } from "../../agent/sandbox/keys.ts";
import { systemFileSystem } from "../../agent/store/file-system.ts";
import { closeTree, openTree } from "../../agent/store/tree.ts";
import { AWS_OK, type Case, CASES } from "../cases/doctor.ts";
import {
  admit,
  CANARY,
  findingIn,
  findingsOn,
  kindsIn,
  type Patient,
  putBundle,
  READS_ALL,
  TLS,
  WEB,
} from "../support/doctor.ts";

describe("doctor", () => {
  for (const [promise, row] of Object.entries(CASES)) {
    it(promise, async (t) => {
      const patient = await admit(t, row);
      const sections = await findingsOn(patient);
      const finding = findingIn(sections, ...row.at);
      assert.equal(finding.kind, row.kind, JSON.stringify(finding));
      assert.match(finding.found, row.found ?? /./);
      if (row.fix !== undefined) assert.match("fix" in finding ? (finding.fix ?? "") : "", row.fix);
      for (const [title, kinds] of Object.entries(row.beside ?? {}))
        assert.deepEqual(kindsIn(sections, title), kinds);
      assert.doesNotMatch(JSON.stringify(sections), new RegExp(CANARY));
      assert.ok(!existsSync(join(patient.folder, "run")), "doctor wrote a tree");
    });
  }

  describe("on a bundle", () => {
    const bundle = (key: Key, rule = ""): Partial<Patient> => ({
      groups: `  db: { bundle: db.bundle${rule}, decrypt: { mode: envelope, keys: ["${key.arn}"] } }`,
    });
    const rows: Readonly<Record<string, Pick<Case, "patient" | "kind" | "found" | "fix">>> = {
      "opens it, and says its revision": {
        patient: (_, key) => bundle(key),
        kind: "ok",
        found: /^envelope: revision 7 opens, 1 secret$/,
      },
      "refuses a revision below the config's floor": {
        patient: (_, key) => bundle(key, ", min_revision: 8"),
        kind: "failed",
        found: /expected revision 8 or newer, got 7$/,
      },
      "says what the context lacks when it was made for another group": {
        patient: (_, key) => ({ groups: bundle(key).groups?.replace("  db:", "  dbx:") ?? "" }),
        kind: "failed",
        found: /expected postern:group "dbx", got "db"/,
      },
    };
    for (const [promise, row] of Object.entries(rows)) {
      it(promise, async (t) => {
        const patient = await admit(t, { ...row, arrange: putBundle });
        const sections = await findingsOn(patient);
        const title = patient.groups.includes("dbx") ? "group dbx" : "group db";
        const finding = findingIn(sections, title, "decrypt");
        assert.equal(finding.kind, row.kind, JSON.stringify(finding));
        assert.match(finding.found, row.found ?? /./);
        assert.doesNotMatch(JSON.stringify(sections), new RegExp(CANARY));
      });
    }

    it("says missing or denied of one that may not be read", async (t) => {
      const patient = await admit(t, {
        options: { grants: [{ ...READS_ALL, readPrefixes: ["web/"] }] },
        patient: (_, key) => bundle(key),
      });
      const finding = findingIn(await findingsOn(patient), "group db", "get");
      assert.match(finding.found, /^"s3:\/\/postern-sandbox\/db.bundle" is missing or denied$/);
    });
  });

  it("finds a healthy host healthy", async (t) => {
    const patient = await admit(t);
    const run = join(patient.folder, "run");
    const sections = await findingsOn(patient);
    assert.deepEqual(kindsIn(sections, "aws"), AWS_OK);
    assert.deepEqual(kindsIn(sections, "group web"), ["list ok", "get ok"]);
    assert.equal(findingIn(sections, "group web", "list").found, "2 objects, 69 bytes");
    assert.equal(findingIn(sections, "group web", "get").found, '"b", the smallest: 23 bytes');
    assert.match(findingIn(sections, "destination", "tree").found, /will be made/);
    assert.ok(!existsSync(run));
  });

  it("warns that IMDSv1 answers, and takes nothing from the answer", async (t) => {
    const patient = await admit(t);
    const imds = await openImdsV1(t, patient.sandbox.endpoints.imds);
    const finding = findingIn(await findingsOn({ ...patient, imds }), "aws", "IMDSv1");
    assert.equal(finding.kind, "warning");
    assert.match("fix" in finding ? (finding.fix ?? "") : "", /--http-tokens required$/);
  });

  it("knows a tree that a pass has made, and leaves it as it is", async (t) => {
    const patient = await admit(t);
    const paths = { run: join(patient.folder, "run"), state: join(patient.folder, "state") };
    const uid = process.getuid?.() ?? 0;
    const world = { fs: systemFileSystem, clock: systemClock, chance: systemChance, uid };
    closeTree(openTree({ ...world, ...paths }));
    const before = readdirSync(patient.folder, { recursive: true });
    const { found } = findingIn(await findingsOn(patient), "destination", "tree");
    assert.match(found, /is safe, and this user's own$/);
    assert.deepEqual(readdirSync(patient.folder, { recursive: true }), before);
  });

  it("says whose the run directory is when it is another user's", async (t) => {
    const patient = await admit(t);
    mkdirSync(join(patient.folder, "run"));
    // whoever runs this test made the folder, and doctor looks at it as somebody else
    const uid = (process.getuid?.() ?? 0) + 54_321;
    const sections = await findingsOn({ ...patient, effects: { uid } });
    const finding = findingIn(sections, "destination", "tree");
    assert.equal(finding.kind, "failed");
    assert.match(finding.found, /user/);
  });

  it("refuses a run directory that others may write", async (t) => {
    const patient = await admit(t);
    const run = join(patient.folder, "run");
    mkdirSync(run);
    chmodSync(run, 0o777);
    const finding = findingIn(await findingsOn(patient), "destination", "tree");
    assert.equal(finding.kind, "failed");
    assert.match(finding.found, /writable by others/);
  });

  it("asks S3 with a group's own rights alone: its prefix, its keys, nothing of the bucket", async (t) => {
    const patient = await admit(t, { patient: () => ({ groups: `${WEB}\n${TLS}` }) });
    await findingsOn(patient);
    const asked = patient.sandbox.log
      .entries()
      .filter(({ service }) => service === "s3")
      .map(({ operation }) => operation);
    assert.deepEqual(new Set(asked), new Set(["ListObjectsV2", "GetObject"]));
  });
});

/** The sandbox's metadata service, but for questions without a token: those it answers too. */
async function openImdsV1(t: TestContext, to: URL): Promise<URL> {
  const server = createServer((request, response) => {
    const { method, url = "/", headers } = request;
    const isV1 = method === "GET" && headers["x-aws-ec2-metadata-token"] === undefined;
    if (isV1) response.end("ami-id\n");
    else
      forward(new URL(url, to), { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
