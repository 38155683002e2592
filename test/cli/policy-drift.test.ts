import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Deployment } from "../../agent/policy/deployment.ts";
import { plainEnv, runCommand } from "../support/command.ts";
import { inventoryPolicy } from "../../agent/account/permissions.ts";
import { REALISTIC, realistic, realisticMap } from "../support/deployments.ts";
import { exportOf } from "../support/exports.ts";
import { root } from "../support/root.ts";
import { tempDir } from "../support/temp.ts";

const temp = tempDir();
const map = join(temp, "access.yaml");
writeFileSync(map, REALISTIC);

const own: Deployment = {
  ...realistic,
  identities: realistic.identities.filter(({ arn }) => arn.split(":")[4] === realistic.account),
};
const open: Deployment = {
  ...own,
  buckets: own.buckets.map((one) => ({
    ...one,
    policy: {
      ...one.policy,
      Statement: ((one.policy ?? {})["Statement"] as readonly { Sid: string }[]).filter(
        ({ Sid: sid }) => sid !== "DenyInsecureTransport",
      ),
    },
  })),
};

function exported(name: string, deployment: Deployment): string {
  const folder = join(temp, name);
  for (const { path, text } of exportOf(deployment, "account")) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const conforms = new Ajv2020({ strict: true, strictTypes: false }).compile(
  JSON.parse(readFileSync(join(root, "docs/schemas/drift-v1.json"), "utf8")) as object,
);

/** A port that nobody listens at, and keys of AWS's documentation. */
const NOWHERE = {
  AWS_ENDPOINT_URL: "http://127.0.0.1:9",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

async function run(...words: readonly string[]) {
  const env = { ...plainEnv, ...NOWHERE };
  const command = [join(root, "bin/postern"), "policy", "drift", map, ...words];
  const ended = await runCommand(command, { env });
  return { ...ended, stdout: ended.stdout.toString() };
}

describe("postern policy drift", () => {
  it("says 0 and that all is as the map makes it", async () => {
    const { code, stdout, stderr } = await run("--from", exported("same", own));
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\nno drift: every document says what the map makes\n$/);
    assert.match(stdout, /^not looked at: arn:aws:iam::444455556666:role\/partner/);
  });

  it("says 2, the statement, and who may now do what", async () => {
    const { code, stdout, stderr } = await run("--from", exported("open", open));
    assert.equal(code, 2, stderr);
    assert.match(
      stdout,
      /^~ bucket acme-secrets: policy\n {2}- DenyInsecureTransport\n {4}- Action: s3:\*\n/,
    );
    assert.match(
      stdout,
      /\n\+ arn:aws:iam::111122223333:role\/postern\/ci now may s3:GetObject on .*\n {4}with aws:securetransport false\n/,
    );
    assert.match(
      stdout,
      /before: a statement of acme-secrets denies it \(DenyInsecureTransport\)\n/,
    );
    assert.match(stdout, /\ndrift: \d+ of text; \d+ requests are decided otherwise\n$/);
  });

  it("prints JSON of its schema", async () => {
    for (const [name, deployment, drifted] of [
      ["same-json", own, false],
      ["open-json", open, true],
    ] as const) {
      const { code, stdout, stderr } = await run("--from", exported(name, deployment), "--json");
      assert.equal(code, drifted ? 2 : 0, stderr);
      const value = JSON.parse(stdout) as { drifted: boolean; access: { certainty: string } };
      assert.ok(conforms(value), JSON.stringify(conforms.errors));
      assert.deepEqual([value.drifted, value.access.certainty], [drifted, "proved"]);
    }
  });

  it("prints the script that exports", async () => {
    const { code, stdout } = await run("--print-export");
    assert.equal(code, 0);
    assert.match(stdout, /^#!\/bin\/sh\n/);
  });

  it("prints the policy that asking AWS takes", async () => {
    const { code, stdout } = await run("--print-policy");
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), inventoryPolicy(realisticMap));
  });

  it("asks AWS where no folder is named, and says so when nothing answers", async () => {
    const { code, stderr } = await run();
    assert.equal(code, 69);
    assert.match(stderr, /^postern: GetCallerIdentity "sts": no answer \(ECONNREFUSED\)/);
  });

  it("does one thing at a time", async () => {
    for (const words of [
      ["--print-policy", "--from", "."],
      ["--print-policy", "--print-export"],
      ["--print-export", "--from", "."],
    ]) {
      const { code, stderr } = await run(...words);
      assert.equal(code, 64, stderr);
    }
  });

  it("does not take a folder that is none for no documents", async () => {
    const { code } = await run("--from", join(temp, "nowhere"));
    assert.equal(code, 66);
  });
});
