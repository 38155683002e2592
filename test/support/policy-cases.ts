/** The decision cases of test/cases/policy: scenarios of `policy simulate`, each with the page it comes from. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.ts";

export interface PolicyCase {
  readonly name: string;
  /** The page of AWS's documentation that says so. */
  readonly source: string;
  /** A part of the fault, where the documents are refused or the request cannot be decided. */
  readonly error: string | undefined;
  /** As `parseScenarios` takes it. */
  readonly scenario: Readonly<Record<string, unknown>>;
}

export interface Topic {
  readonly name: string;
  readonly cases: readonly PolicyCase[];
}

const folder = join(root, "test", "cases", "policy");

/** A file has what its cases share as `base`; a case's own members stand before it. */
export function policyTopics(): readonly Topic[] {
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const { base, cases } = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
        readonly base: object;
        readonly cases: readonly (Record<string, unknown> & PolicyCase)[];
      };
      return {
        name: file.replace(/\.json$/, ""),
        cases: cases.map(({ source, error, ...own }) => ({
          name: own.name,
          source,
          error,
          scenario: { ...base, ...own },
        })),
      };
    });
}
