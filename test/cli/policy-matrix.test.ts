import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { type DocumentFile, deploymentFiles } from "../../agent/generate/files.ts";
import { ACME, REPLICA } from "../support/access-maps.ts";
import { SMALL, smallDeployment } from "../support/audited.ts";
import { runCommand } from "../support/command.ts";
import { root } from "../support/root.ts";
import { tempDir } from "../support/temp.ts";

const temp = tempDir();
writeFileSync(join(temp, "acme.yaml"), ACME + REPLICA);
writeFileSync(join(temp, "small.yaml"), SMALL);
writeFolder("same", deploymentFiles(smallDeployment));
writeFolder("open", deploymentFiles({ ...smallDeployment, endpoints: [], keys: [] }));
writeFolder("half", deploymentFiles(smallDeployment).slice(0, -1));

function writeFolder(folder: string, files: readonly DocumentFile[]): void {
  for (const { path, text } of files) {
    mkdirSync(join(temp, folder, dirname(path)), { recursive: true });
    writeFileSync(join(temp, folder, path), text);
  }
}

interface Row {
  readonly words: readonly string[];
  readonly code: number;
  readonly stdout?: RegExp;
  readonly stderr?: RegExp;
}

const ROWS: Readonly<Record<string, Row>> = {
  "finds the documents of a map to do what it says": {
    words: ["acme.yaml"],
    code: 0,
    stdout: /^principal +kind +web .*\nweb +ec2 +rl322 /,
  },
  "looks at a replica, where nobody publishes": {
    words: ["acme.yaml", "--bucket", "acme-secrets-west"],
    code: 0,
    stdout: /\nweb +ec2 +rl\d{3} [^]*\nci +oidc +\d{5} /,
  },
  "refuses a bucket that is none of the map": {
    words: ["acme.yaml", "--bucket", "acme"],
    code: 64,
    stderr: /got "acme"\npostern: hint: the map has acme-secrets, acme-secrets-west\n$/,
  },
  "decides by the documents of a folder": {
    words: ["small.yaml", "--from", "same", "--format", "csv"],
    code: 0,
    stdout: /^principal,kind,.*\r\nweb,existing,,,web,read,allow,,allow,no,\r\n/,
  },
  "says 2 when they do not do what the map says": {
    words: ["small.yaml", "--from", "open", "--format", "markdown"],
    code: 2,
    stdout: /\n- \*\*web may not read web, though the map says so\*\*\n/,
  },
  "makes a page, dated when asked": {
    words: ["small.yaml", "--from", "same", "--format", "html", "--date", "2026-11-25"],
    code: 0,
    stdout: /^<!doctype html>[^]*<dd>2026-11-25<\/dd>/,
  },
  "refuses a folder in which something is missing": {
    words: ["small.yaml", "--from", "half"],
    code: 65,
    stderr: /^postern: .*expected/,
  },
  "refuses a folder that is none": {
    words: ["small.yaml", "--from", "nowhere"],
    code: 66,
    stderr: /no such folder "nowhere"\n$/,
  },
};

describe("policy matrix", () => {
  for (const [promise, { words, code, stdout = /^/, stderr = /^$/ }] of Object.entries(ROWS))
    it(promise, async () => {
      const done = await runCommand([join(root, "bin/postern"), "policy", "matrix", ...words], {
        cwd: temp,
      });
      assert.equal(done.code, code, done.stderr);
      assert.match(done.stdout.toString(), stdout);
      assert.match(done.stderr, stderr);
    });
});
