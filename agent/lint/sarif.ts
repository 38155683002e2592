/**
 * Findings as a log of SARIF 2.1.0, which code hosts show beside the lines of a change.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 * @module
 */
import { createHash } from "node:crypto";
import { UNUSED_MUTE } from "./mute.ts";
import type { Finding } from "./rule.ts";
import { RULES } from "./rules.ts";

const SCHEMA =
  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** @param version of postern */
export function encodeSarif(findings: readonly Finding[], version: string): unknown {
  const rules = [...RULES, UNUSED_MUTE];
  return {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "postern policy lint",
            version,
            rules: rules.map(({ id, severity, title, why, page, fix }) => ({
              id,
              shortDescription: { text: title },
              fullDescription: { text: why },
              helpUri: page,
              help: { text: `${why} Fix: ${fix}.` },
              defaultConfiguration: { level: severity },
            })),
          },
        },
        columnKind: "utf16CodeUnits",
        results: findings.map((finding) =>
          resultOf(
            finding,
            rules.findIndex(({ id }) => id === finding.rule),
          ),
        ),
      },
    ],
  };
}

function resultOf(
  { rule, severity, place, document, message, witness, fix }: Finding,
  ruleIndex: number,
): unknown {
  const { file, line, column, path, sid } = place;
  const name = [document ?? file, path].filter((part) => part !== "").join(" ");
  return {
    ruleId: rule,
    ruleIndex,
    level: severity,
    message: { text: `${message}. Fix: ${fix}.` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          ...(line === undefined
            ? {}
            : {
                region: {
                  startLine: line,
                  ...(column === undefined ? {} : { startColumn: column }),
                },
              }),
        },
        logicalLocations: [{ fullyQualifiedName: name, kind: "element" }],
      },
    ],
    // the line may move, the statement is the same
    partialFingerprints: {
      "posternFinding/v1": createHash("sha256")
        .update(JSON.stringify([rule, document ?? file, sid ?? path, message]))
        .digest("hex"),
    },
    ...(witness === undefined ? {} : { properties: { witness } }),
  };
}

/** Segment by segment: a relative file name is a relative reference. */
function uriOf(file: string): string {
  return file.split("/").map(encodeURIComponent).join("/");
}
