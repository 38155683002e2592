/** Doctor on a sandbox: its findings as rows that a test can ask for. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { KMS } from "@aws-sdk/client-kms";
import { pack } from "tar-stream";
import { type Clock, systemChance, systemClock } from "../../agent/core/clock.ts";
import { type DoctorEffects, examine } from "../../agent/doctor/doctor.ts";
import type { Finding, Section } from "../../agent/doctor/finding.ts";
import { type Kernel, systemKernel } from "../../agent/doctor/kernel.ts";
import type { Sandbox, SandboxOptions } from "../../agent/sandbox/sandbox.ts";
import { systemFileSystem } from "../../agent/store/file-system.ts";
import { parseKmsKeyArn } from "../../agent/core/names.ts";
import type { KeyGrant, PrefixGrant } from "../../agent/sandbox/grants.ts";
import type { Key } from "../../agent/sandbox/keys.ts";
import { systemProgram } from "../../agent/store/program.ts";
import { asRoot, configOf } from "./parsed-config.ts";
import { sandboxFor } from "./sandbox.ts";
import { sealEnvelope } from "./sealing.ts";
import { tempDir } from "./temp.ts";

/** The value of every secret, which doctor must not say. */
export const CANARY = "canary-9f3a5d41402abc4b";
export const WEB = "  web: { prefix: web/ }";
export const TLS = "  tls: { prefix: tls/, only: [site.crt, site.key] }";
export const READS_ALL: PrefixGrant = { role: "web", readPrefixes: [""], writePrefixes: [] };
const DECRYPTS_ALL: KeyGrant = { role: "web", key: "*", actions: ["kms:Decrypt"] };

/** The system's time, in which nobody has to wait for a retry. */
const impatient: Clock = { ...systemClock, sleep: () => Promise.resolve() };

export interface Patient {
  readonly sandbox: Sandbox;
  /** Holds both trees. */
  readonly folder: string;
  /** The config's `groups`, as YAML lines. */
  readonly groups: string;
  /** Lines of the config beside `groups`; the bucket's among them. */
  readonly main?: string;
  readonly imds?: URL;
  readonly effects?: Partial<DoctorEffects>;
}

/** How a patient comes to be, from one that is healthy. */
export interface Arrangement {
  readonly options?: SandboxOptions;
  readonly arrange?: (sandbox: Sandbox, key: Key) => unknown;
  /** What the patient differs in; the key is the sandbox's. */
  readonly patient?: (sandbox: Sandbox, key: Key) => Partial<Patient>;
}

/** A role that may do everything, two secrets of group web, and one of the two that group tls names. */
export async function admit(t: TestContext, row: Arrangement = {}): Promise<Patient> {
  const sandbox = await sandboxFor(t, {
    role: "web",
    grants: [READS_ALL],
    keyGrants: [DECRYPTS_ALL],
    ...row.options,
  });
  const key = sandbox.keys.create({ region: sandbox.region });
  await sandbox.put("web/a", Buffer.from(`${CANARY}${CANARY}`));
  await sandbox.put("web/b", Buffer.from(CANARY));
  await sandbox.put("tls/site.crt", Buffer.from(CANARY));
  await row.arrange?.(sandbox, key);
  return { sandbox, folder: tempDir(), groups: WEB, ...row.patient?.(sandbox, key) };
}

/** Replaces both objects of the group by what `aws kms encrypt` makes, the first the smaller. */
export async function putSealed(sandbox: Sandbox, key: Key, app: string): Promise<void> {
  const kms = kmsOf(sandbox);
  const sealing = async (value: string): Promise<Buffer> => {
    const { CiphertextBlob } = await kms.encrypt({
      KeyId: key.arn,
      Plaintext: Buffer.from(value),
      EncryptionContext: { app },
    });
    return Buffer.from(CiphertextBlob ?? []);
  };
  await sandbox.put("web/a", await sealing(CANARY));
  await sandbox.put("web/b", await sealing(`${CANARY}${CANARY}`));
  kms.destroy();
}

/** Puts a bundle with one secret, revision 7 of group db. */
export async function putBundle(sandbox: Sandbox, key: Key): Promise<void> {
  const tar = pack();
  tar.entry({ name: "password" }, CANARY);
  tar.finalize();
  const context = {
    "postern:group": "db",
    "postern:bucket": sandbox.bucket,
    "postern:revision": "7",
  };
  const kms = kmsOf(sandbox);
  const keys = [parseKmsKeyArn(key.arn)];
  const sealed = await sealEnvelope({ client: () => kms }, await buffer(tar), { keys, context });
  await sandbox.put("db.bundle", sealed);
  kms.destroy();
}

function kmsOf({ endpoints, region, publisher }: Sandbox): KMS {
  const endpoint = endpoints.kms.href;
  return new KMS({ endpoint, region, credentials: publisher, maxAttempts: 1 });
}

/** Everything that doctor finds. */
export async function findingsOn(patient: Patient): Promise<readonly Section[]> {
  const { sandbox, folder, main = `bucket: ${sandbox.bucket}` } = patient;
  const { s3, kms, imds } = sandbox.endpoints;
  const urls = `s3: "${s3.origin}", kms: "${kms.origin}", imds: "${(patient.imds ?? imds).origin}"`;
  const text = [
    "version: 1",
    main,
    `endpoints: { ${urls}, path_style: true }`,
    `paths: { run: ${join(folder, "run")}, state: ${join(folder, "state")} }`,
    "groups:",
    patient.groups,
    "",
  ];
  const config = configOf(text.join("\n"), asRoot);
  const effects: DoctorEffects = {
    // the SDK reads the process's own
    env: process.env,
    clock: impatient,
    chance: systemChance,
    fs: systemFileSystem,
    kernel: systemKernel,
    run: systemProgram,
    uid: process.getuid?.() ?? 0,
    nodeVersion: process.versions.node,
    ...patient.effects,
  };
  const sections: Section[] = [];
  for await (const section of examine({ config, groups: config.groups }, effects))
    sections.push(section);
  return sections;
}

/** The first finding of that name, which must be there. */
export function findingIn(sections: readonly Section[], title: string, about: string): Finding {
  const section = sections.find((candidate) => candidate.title === title);
  const finding = section?.findings.find((candidate) => candidate.about === about);
  assert.ok(finding, `no finding "${title}: ${about}" in ${JSON.stringify(sections, null, 1)}`);
  return finding;
}

/** "list ok", "get failed" … of one section. */
export function kindsIn(sections: readonly Section[], title: string): readonly string[] {
  const section = sections.find((candidate) => candidate.title === title);
  return (section?.findings ?? []).map(({ about, kind }) => `${about} ${kind}`);
}

/** A kernel of which the test says what it tells. */
export function kernelOf(parts: Partial<Kernel>): Kernel {
  return {
    read: () => undefined,
    list: () => [],
    resolve: (path) => path,
    deviceOf: () => undefined,
    isWritable: () => true,
    fileSystem: () => undefined,
    ...parts,
  };
}
