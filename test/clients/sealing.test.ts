/** What docs/sealing.md tells publishers to type, typed; and a host of `postern sandbox` that fetches it. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { blocksOf, readPage, sectionOf } from "../support/document.ts";
import {
  CLIENTS,
  PYTHON_SDK,
  runClient,
  temporaryFolder,
  unlessFound,
  unlessImports,
} from "../support/judge.ts";
import { root } from "../support/root.ts";
import { startProcess } from "../support/sandbox-process.ts";

const page = readPage("docs/sealing.md");
const CONFIG = blocksOf(sectionOf(page, "What the host says to it"), "yaml").join("");
/** No text, so that nobody on the way may treat it as one. */
const VALUE = Buffer.from([0x68, 0x75, 0x6e, 0x74, 0x65, 0x72, 0x32, 0, 0xff, 0xfe, 0x0d, 0x0a]);
const BUNDLE: Readonly<Record<string, Buffer>> = {
  password: VALUE,
  empty: Buffer.alloc(0),
  "tls/site.key": Buffer.from("key\n".repeat(4000)),
};

const SECTIONS: readonly (readonly [
  title: string,
  tools: string,
  skip: string | false,
  groups: readonly string[],
])[] = [
  [
    "The AWS CLI and aws-encryption-cli",
    CLIENTS,
    unlessFound("aws", "aws-encryption-cli", "tar"),
    ["plain", "web", "app", "db"],
  ],
  [
    "Python",
    PYTHON_SDK,
    unlessImports("aws_encryption_sdk", PYTHON_SDK) || unlessImports("boto3", PYTHON_SDK),
    ["web", "app", "db"],
  ],
  ["Java", CLIENTS, unlessFound("java", "javac", "mvn"), ["web", "app", "db"]],
];
/** Maven's words when its repository is out of reach; those for what is not there would be the page's fault. */
const OUT_OF_REACH = /Could not transfer |offline mode/;

describe("docs/sealing.md", () => {
  for (const [title, tools, skip, groups] of SECTIONS)
    it(`writes what a host reads: ${title}`, { skip }, async (t) => {
      const { home, env } = await publisherFor(t, tools);
      const ended = await follow(sectionOf(page, title), home, env);
      if (OUT_OF_REACH.test(ended.stdout)) {
        t.skip("the libraries are out of reach");
        return;
      }
      assert.equal(ended.code, 0, `${ended.stdout}${ended.stderr}`);
      const postern = join(root, "bin", "postern");
      const fetched = await runClient(postern, ["fetch", "--config", "postern.yaml"], home, env);
      // the groups that this section does not write are empty, and say so
      const all = groups.length === 4;
      assert.equal(fetched.code === 0, all, fetched.stderr);
      for (const group of groups) {
        const expected = group === "db" ? BUNDLE : { password: VALUE };
        assert.deepEqual(filesBelow(join(home, "run", "secrets", group)), expected, group);
      }
    });
});

/** A sandbox in a process of its own, a folder with what is to be published, and the environment to do it in. */
async function publisherFor(
  t: TestContext,
  tools: string,
): Promise<{ readonly home: string; readonly env: Readonly<Record<string, string>> }> {
  const sandbox = await startProcess("--json", "--until-eof", "--role", "host=plain,web,app,db");
  t.after(async () => {
    sandbox.closeInput();
    await sandbox.ended;
  });
  const { env, bucket, kms_key: key, publisher } = JSON.parse(sandbox.said) as Said;
  const home = temporaryFolder(t);
  writeFileSync(join(home, "password"), VALUE);
  for (const [name, value] of Object.entries(BUNDLE)) {
    mkdirSync(dirname(join(home, "db", name)), { recursive: true });
    writeFileSync(join(home, "db", name), value);
  }
  writeFileSync(
    join(home, "postern.yaml"),
    `version: 1
bucket: ${bucket}
endpoints: environment
paths: { run: ${home}/run, state: ${home}/state }
defaults: { settle: 0s }
${CONFIG.replaceAll("[KEY]", `["${key}"]`)}`,
  );
  const path = [tools, process.env["PATH"]].join(delimiter);
  const keys = {
    AWS_ACCESS_KEY_ID: publisher.access_key_id,
    AWS_SECRET_ACCESS_KEY: publisher.secret_access_key,
  };
  return { home, env: { ...env, ...keys, PATH: path, BUCKET: bucket, KEY: key } };
}

interface Said {
  readonly env: Readonly<Record<string, string>>;
  readonly bucket: string;
  readonly kms_key: string;
  readonly publisher: { readonly access_key_id: string; readonly secret_access_key: string };
}

/** Saves the blocks that name their file in their first line, and runs the others as one script. */
async function follow(
  section: string,
  home: string,
  env: Readonly<Record<string, string>>,
): ReturnType<typeof runClient> {
  for (const block of ["python", "xml", "java"].flatMap((language) =>
    blocksOf(section, language),
  )) {
    const [, file] = /^(?:#|\/\/|<!--) (\S+)/.exec(block) ?? [];
    assert.ok(file !== undefined, block);
    writeFileSync(join(home, file), block);
  }
  const script = blocksOf(section, "sh").join("");
  assert.notEqual(script, "");
  return runClient("bash", ["-euo", "pipefail", "-c", script], home, env);
}

/** The files below a folder, links followed. */
function filesBelow(folder: string): Readonly<Record<string, Buffer>> {
  const names = readdirSync(`${folder}/`, { recursive: true, encoding: "utf8" });
  return Object.fromEntries(
    names
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [name, readFileSync(join(folder, name))]),
  );
}
