import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { mapSet } from "../../agent/cli/policy-lint-files.ts";
import { lintDocuments } from "../../agent/lint/lint.ts";
import { lintSets } from "../../agent/lint/files.ts";
import type { DocumentKind } from "../../agent/lint/kind.ts";
import { parseMute } from "../../agent/lint/mute.ts";
import type { Finding } from "../../agent/lint/rule.ts";
import { ACME, REPLICA, withAuditor } from "../support/access-maps.ts";
import { mapShapes, WITHOUT_CONTEXT } from "../support/map-shapes.ts";
import { root } from "../support/root.ts";
import { filled, templateCases } from "../support/template-cases.ts";

/** What is found in the documents of a map, and not in the map itself. */
async function foundIn(name: string, text: string): Promise<readonly string[]> {
  const { findings } = lintSets([await mapSet("map.yaml", text)]);
  return findings
    .filter(({ document }) => document !== undefined)
    .map(
      ({ rule, document, place, message }) =>
        `${name}: ${rule} ${document ?? ""} ${place.sid ?? place.path}: ${message}`,
    );
}

describe("what is generated has no finding", () => {
  const folders = ["access-map", "map"].map((folder) => join(root, "test", "cases", folder));
  const cases = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith(".yaml"))
      .map((file) => [file, readFileSync(join(folder, file), "utf8")] as const),
  );
  for (const [name, text] of [
    ...cases,
    ["acme.yaml with a replica", ACME + REPLICA] as const,
    ["acme.yaml with an auditor", withAuditor(ACME + REPLICA)] as const,
  ])
    it(`of ${name}`, async () => {
      assert.deepEqual(await foundIn(name, text), []);
    });

  it("of any shape of a group, with and without guards and replicas", async () => {
    const shapes = mapShapes();
    assert.ok(shapes.length > 100);
    const found: string[] = [];
    for (const [name, text] of shapes) found.push(...(await foundIn(name, text)));
    // a map that asks for no context gets a key that opens whatever has none
    const asked = found.filter((one) => one.includes(WITHOUT_CONTEXT));
    assert.deepEqual(
      found.filter((one) => !asked.includes(one)),
      [],
    );
    assert.deepEqual(
      new Set(asked.map((one) => /: ([a-z-]+) /.exec(one)?.[1])),
      new Set(["for-all-values-without-null", "kms-unscoped"]),
    );
  });

  it("though it is looked at: a statement that is left open is found", async () => {
    const set = await mapSet("map.yaml", ACME);
    const open = set.documents.map((one) => ({
      ...one,
      text: one.text.replace('"s3:prefix"', '"s3:prefixed"'),
    }));
    const { findings } = lintSets([{ ...set, documents: open }]);
    const rules = new Set(findings.map(({ rule }) => rule));
    assert.ok(rules.has("unknown-condition-key"), [...rules].join());
  });
});

describe("a finding of a generated document", () => {
  const lineWith = (part: string): number =>
    ACME.split("\n").findIndex((text) => text.includes(part)) + 1;
  const foundWith = async (name: string, from: string, to: string): Promise<Finding> => {
    const set = await mapSet("map.yaml", ACME);
    const documents = set.documents.map((one) =>
      one.name === name ? { ...one, text: one.text.replace(from, to) } : one,
    );
    const [found] = lintSets([{ ...set, documents }]).findings.filter(
      ({ document }) => document === name,
    );
    assert.ok(found !== undefined);
    return found;
  };

  it("is told at the line of the map that its statement is there for", async () => {
    const name = "roles/tasks/inline/postern.json";
    const { rule, place } = await foundWith(name, '"s3:GetObject"', '"s3:GetObjcet"');
    assert.equal(rule, "unknown-action");
    assert.deepEqual(
      [place.file, place.line, place.column, place.sid],
      ["map.yaml", lineWith("readers: [tasks]"), 5, "ReadTls"],
    );
  });

  it("is told at the principal where no statement says more", async () => {
    const name = "roles/tasks/trust.json";
    const { place } = await foundWith(name, '"sts:AssumeRole"', '"sts:AssumeRoel"');
    assert.deepEqual([place.file, place.line], ["map.yaml", lineWith("tasks: { kind")]);
  });

  it("is muted by the name of the document, and of the map", async () => {
    const set = await mapSet("map.yaml", ACME);
    const documents = set.documents.map((one) => ({
      ...one,
      text: one.text.replace('"s3:GetObject"', '"s3:GetObjcet"'),
    }));
    const amount = (mutes: readonly string[]): number =>
      lintSets(
        [{ ...set, documents }],
        mutes.map((text) => parseMute(text)),
      ).findings.filter(({ rule }) => rule === "unknown-action").length;
    const all = amount([]);
    assert.ok(all > 1);
    assert.equal(amount(["unknown-action@roles/tasks/inline/postern.json"]), all - 1);
    assert.equal(amount(["unknown-action@map.yaml"]), 0);
  });
});

describe("the templates, filled in alone, have no finding", () => {
  const KINDS: Readonly<Record<string, DocumentKind>> = {
    "bucket-policy": "bucket",
    "key-policy": "key",
    trust: "trust",
    endpoint: "endpoint",
  };
  /** A key that is being taken over still lets the account decide, until the last stage. */
  const ON_PURPOSE: Readonly<Record<string, string>> = {
    "key-policy/delegate-to-account": "key-policy-delegates-use",
  };
  const cases = templateCases();
  /** What a statement is never without. */
  const beside = (name: string): readonly string[] => {
    if (name.startsWith("key-policy/")) return ["key-policy/administer"];
    if (name === "replication/read-bucket") return ["replication/read-objects"];
    if (!name.endsWith("-encryption-header")) return [];
    return [name.replace("header", "key"), "bucket-policy/deny-encryption-without-key"];
  };
  for (const one of cases) {
    const [folder = ""] = one.name.split("/");
    it(`of ${one.name}`, () => {
      const json = filled(one);
      const others = cases.filter(
        ({ name }) => name !== one.name && beside(one.name).includes(name),
      );
      const document =
        "Statement" in json
          ? json
          : { Version: "2012-10-17", Statement: [json, ...others.map(filled)] };
      const findings = lintDocuments(
        [{ name: one.name, text: JSON.stringify(document), kind: KINDS[folder] ?? "identity" }],
        { account: "111122223333" },
      );
      assert.deepEqual(
        findings
          .filter(({ rule }) => rule !== ON_PURPOSE[one.name])
          .map(({ rule, message }) => `${rule}: ${message}`),
        [],
      );
    });
  }
});
