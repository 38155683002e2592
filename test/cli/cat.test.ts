import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { KMS } from "@aws-sdk/client-kms";
import { parseKmsKeyArn } from "../../agent/core/names.ts";
import { type Sandbox, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { type Ended, hasCommand, plainEnv, runCommand } from "../support/command.ts";
import { root } from "../support/root.ts";
import { sandboxFor } from "../support/sandbox.ts";
import { sealEnvelope } from "../support/sealing.ts";
import { tempDir } from "../support/temp.ts";

const CANARY = "canary-3e2d1c0b9a87";
/** Every byte there is: nothing that guesses at text keeps them. */
const BINARY = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const program = [process.execPath, join(root, "dist", "launch.cjs"), "cat"];

let sandbox: Sandbox;
let key = "";
let env: Readonly<Record<string, string>> = {};

before(async () => {
  sandbox = await startSandbox({
    bucket: "acme-secrets",
    role: "web",
    grants: [{ role: "web", readPrefixes: ["web/"], writePrefixes: [], list: false }],
    keyGrants: [{ role: "web", key: "*", actions: ["kms:Decrypt"] }],
  });
  key = sandbox.keys.create({ region: sandbox.region }).arn;
  const endpoint = sandbox.endpoints.kms.href;
  const { region, publisher } = sandbox;
  const kms = new KMS({ endpoint, region, credentials: publisher, maxAttempts: 1 });
  const context = { app: "web" };
  const { CiphertextBlob } = await kms.encrypt({
    KeyId: key,
    Plaintext: BINARY,
    EncryptionContext: context,
  });
  const keys = [parseKmsKeyArn(key)];
  const message = await sealEnvelope({ client: () => kms }, BINARY, { keys, context });
  kms.destroy();
  await sandbox.put("web/plain", BINARY);
  await sandbox.put("web/empty", Buffer.alloc(0));
  await sandbox.put("web/a b?c=ü", Buffer.from("odd"));
  await sandbox.put("web/max_size", Buffer.from(CANARY));
  await sandbox.put("web/kms", Buffer.from(CiphertextBlob ?? []));
  await sandbox.put("web/envelope", message);
  await sandbox.put("web/damaged", message.subarray(0, -40));
  await sandbox.put("db/password", Buffer.from(CANARY));
  env = envOf(sandbox);
});
after(() => sandbox.close());

describe("postern cat", { concurrency: 2 }, () => {
  const READS: readonly (readonly [what: string, words: () => readonly string[], bytes: Buffer])[] =
    [
      ["a plain object", () => ["s3://acme-secrets/web/plain"], BINARY],
      ["an empty object", () => ["s3://acme-secrets/web/empty"], Buffer.alloc(0)],
      ["an odd key", () => ["s3://acme-secrets/web/a b?c=ü"], Buffer.from("odd")],
      ["a KMS ciphertext", () => sealedWords("kms", "web/kms"), BINARY],
      ["an envelope", () => sealedWords("envelope", "web/envelope"), BINARY],
      [
        "one opened by the second of two keys",
        () => [`--key=${key.slice(0, -4)}0000`, ...sealedWords("kms", "web/kms")],
        BINARY,
      ],
      [
        "a bucket named in full",
        () =>
          "s3://acme-secrets/web/plain --bucket-owner 111122223333 --region us-east-1 --max-size 256B".split(
            " ",
          ),
        BINARY,
      ],
    ];
  for (const [what, words, bytes] of READS) {
    it(`prints the exact bytes of ${what}`, async () => {
      const { code, stdout, stderr } = await cat(...words());
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(stdout, bytes);
    });
  }

  interface Row {
    readonly words: () => readonly string[];
    readonly code: number;
    readonly stderr: RegExp;
  }
  const plain = "s3://acme-secrets/web/plain";
  const FAULTS: Readonly<Record<string, Row>> = {
    "says missing or denied, since S3 does not tell apart": {
      words: () => ["s3://acme-secrets/web/none"],
      code: 77,
      stderr:
        /"s3:\/\/acme-secrets\/web\/none" is missing or denied\n.*it is not there, or the role lacks s3:GetObject on "arn:aws:s3:::acme-secrets\/web\/none"/,
    },
    "says so of another role's object too": {
      words: () => ["s3://acme-secrets/db/password"],
      code: 77,
      stderr: /is missing or denied/,
    },
    "thinks of --bucket-owner, by its name here": {
      words: () => [plain, "--bucket-owner", "999999999999"],
      code: 77,
      stderr: /or --bucket-owner is not the account that owns the bucket/,
    },
    "names the right region": {
      words: () => [plain, "--region", "eu-west-1"],
      code: 78,
      stderr: /hint: the bucket is in us-east-1: set --region\n/,
    },
    "says that there is no such bucket": {
      words: () => ["s3://no-such-bucket/x"],
      code: 66,
      stderr: /no such bucket \(NoSuchBucket\)\n.*hint: check bucket and --region\n/,
    },
    "refuses a large object by its flag, and leaves names alone": {
      words: () => ["s3://acme-secrets/web/max_size", "--max-size", "2B"],
      code: 65,
      stderr: /"s3:\/\/acme-secrets\/web\/max_size" is too large.*\n.*hint: raise --max-size if/,
    },
    "says that the context is another": {
      words: () => sealedWords("kms", "web/kms", "app=db"),
      code: 70,
      stderr: /sealed otherwise than --decrypt, --key and --context say/,
    },
    "demands the whole context of an envelope": {
      words: () => ["s3://acme-secrets/web/envelope", "--decrypt", "envelope", "--key", key],
      code: 70,
      stderr: /expected no further name, got "app"/,
    },
    "refuses a plain object where a seal was declared": {
      words: () => sealedWords("envelope", "web/plain"),
      code: 65,
      stderr: /postern: /,
    },
    "prints nothing of an envelope that is damaged at its end": {
      words: () => sealedWords("envelope", "web/damaged"),
      code: 65,
      stderr: /postern: /,
    },
    "takes credentials from nowhere but where it was told": {
      words: () => [plain, "--credentials", "environment", "--region", "us-east-1"],
      code: 69,
      stderr: /no credentials from source "environment"/,
    },
    ...misuses({
      "s3://acme-secrets":
        /expected s3:\/\/BUCKET\/KEY, got "s3:\/\/acme-secrets"\n.*name an object/,
      "s3://acme-secrets/": /expected s3:\/\/BUCKET\/KEY/,
      "s3:///key": /invalid bucket name ""/,
      "s3://Acme/key": /invalid bucket name "Acme"/,
      "s3://acme-secrets/web/": /invalid key "web\/": expected no empty segment/,
      "s3://acme-secrets/web/../db/x": /expected path segments other than "." and ".."/,
      "https://acme-secrets.s3.amazonaws.com/web/x": /not a web address/,
      "acme-secrets/web/x": /expected s3:\/\/BUCKET\/KEY/,
      [`${plain} --key arn`]: /--key: expected --decrypt kms or --decrypt envelope beside it/,
      [`${plain} --context a=b`]: /--context: expected --decrypt kms/,
      [`${plain} --decrypt kms`]: /--decrypt kms: expected --key ARN beside it, got no key/,
      [`${plain} --decrypt kms --key alias/web`]: /--key: invalid KMS key "alias\/web"/,
      [`${plain} --decrypt gpg`]: /--decrypt: expected none, kms or envelope, got "gpg"/,
      [`${plain} --region here`]: /--region: invalid region "here"/,
      [`${plain} --bucket-owner 1234`]: /--bucket-owner: invalid account id "1234"/,
      [`${plain} --max-size 12`]: /--max-size: invalid size "12"/,
      [`${plain} --credentials me`]: /--credentials: expected instance, environment/,
      [`${plain} --profile a --credentials instance`]: /--profile: expected no --credentials/,
      [`${plain} --bogus`]: /unknown argument: bogus/,
    }),
  };
  for (const [promise, { words, code, stderr }] of Object.entries(FAULTS)) {
    it(promise, async () => {
      const ended = await cat(...words());
      assert.match(ended.stderr, stderr);
      assert.doesNotMatch(ended.stderr, new RegExp(CANARY));
      assert.deepEqual([ended.code, ended.stdout.toString()], [code, ""]);
    });
  }

  const PAIRS = [["app"], ["=web"], ["aws-crypto-public-key=x"], ["app=web", "app=db"]];
  for (const pairs of PAIRS) {
    it(`refuses --context ${pairs.join(" and ")}`, async () => {
      const context = pairs.map((pair) => `--context=${pair}`);
      const words = ["--decrypt", "kms", "--key", key, ...context];
      const { code, stderr } = await cat(plain, ...words);
      assert.equal(code, 64);
      assert.match(stderr, /postern: --context: expected /);
    });
  }

  it("reads as whom it was told: keys of the environment, a profile", async () => {
    const { accessKeyId, secretAccessKey } = sandbox.publisher;
    const folder = tempDir();
    const file = join(folder, "credentials");
    writeFileSync(
      file,
      `[ops]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n`,
    );
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const sources: readonly (readonly [
      flags: readonly string[],
      Readonly<Record<string, string>>,
    ])[] = [
      [["--credentials", "environment"], keys],
      [["--profile", "ops"], { AWS_SHARED_CREDENTIALS_FILE: file }],
    ];
    // what the publisher may read, and the instance's role may not
    const words = ["s3://acme-secrets/db/password", "--region", "us-east-1"];
    for (const [flags, more] of sources) {
      const named = await runCommand([...program, ...words, ...flags], {
        env: { ...env, ...more },
      });
      assert.deepEqual([named.code, named.stdout.toString()], [0, CANARY], named.stderr);
      const unnamed = await runCommand([...program, ...words], { env: { ...env, ...more } });
      assert.deepEqual([unnamed.code, unnamed.stdout.toString()], [77, ""]);
    }
  });

  it("asks S3 once and KMS never for a plain object", async (t) => {
    const quiet = await sandboxFor(t, {
      bucket: "acme-secrets",
      role: "web",
      grants: [{ role: "web", readPrefixes: [""], writePrefixes: [] }],
    });
    await quiet.put("web/plain", BINARY);
    await runCommand([...program, plain], { env: envOf(quiet) });
    const asked = quiet.log.entries().filter(({ service }) => service !== "imds");
    assert.deepEqual(
      asked.map(({ service, operation, status }) => `${service} ${operation} ${status}`),
      ["s3 GetObject 200"],
    );
  });

  it("calls an outage an outage", async () => {
    const off = { ...env, AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:9" };
    const { code, stderr } = await runCommand([...program, plain], { env: off });
    assert.match(stderr, /no answer \(/);
    assert.equal(code, 69);
  });

  it("refuses plain http to another host", async () => {
    const far = { ...env, AWS_ENDPOINT_URL_S3: "http://192.0.2.1:9000" };
    const { code, stderr } = await runCommand([...program, plain], { env: far });
    assert.match(stderr, /expected https, or http to loopback or link-local/);
    assert.equal(code, 78);
  });

  it("refuses a terminal unless told to show", async (t) => {
    if (!hasCommand(["script", "--version"])) return t.skip("script(1) is not installed");
    const typed = (words: string): Promise<Ended> => {
      const command = `'${program.join("' '")}' ${words}`;
      return runCommand(["script", "-qec", command, "/dev/null"], { env });
    };
    const url = "s3://acme-secrets/web/max_size";
    const refused = await typed(url);
    assert.match(refused.stdout.toString(), /refusing to print a secret to a terminal/);
    assert.ok(!refused.stdout.includes(CANARY));
    assert.equal(refused.code, 64);
    const shown = await typed(`${url} --show`);
    assert.deepEqual([shown.code, shown.stdout.toString()], [0, CANARY]);
  });
});

function envOf({ endpoints }: Sandbox): Readonly<Record<string, string>> {
  return {
    ...plainEnv,
    AWS_ENDPOINT_URL_S3: endpoints.s3.origin,
    AWS_ENDPOINT_URL_KMS: endpoints.kms.origin,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoints.imds.origin,
  };
}

/** Rows of one line each, that are misuse. */
function misuses(lines: Readonly<Record<string, RegExp>>) {
  return Object.fromEntries(
    Object.entries(lines).map(([line, stderr]) => [
      `is misused by ${line}`,
      { words: () => line.split(" "), code: 64, stderr },
    ]),
  );
}

function sealedWords(mode: string, name: string, context = "app=web"): readonly string[] {
  const url = `s3://acme-secrets/${name}`;
  return ["--decrypt", mode, "--key", key, "--context", context, url];
}

function cat(...words: readonly string[]): Promise<Ended> {
  return runCommand([...program, ...words], { env });
}
