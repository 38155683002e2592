/** `postern policy matrix`: who may do what with which group, and which layers stop the rest. @module */
import { createHash } from "node:crypto";
import type { Matrix } from "../audit/matrix.ts";
import { EXIT, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { MapBucket } from "../map/buckets.ts";
import type { Command, Surroundings } from "./command.ts";
import { write } from "./output.ts";
import { documentsOf } from "./policy-map.ts";
import { policy } from "./policy.ts";
import { valueOfFile } from "./value.ts";

const FORMATS = ["table", "markdown", "csv", "html"] as const;
type Format = (typeof FORMATS)[number];

export const policyMatrix: Command = {
  name: "policy matrix",
  family: policy,
  audience: policy.audience,
  summary: "show who may do what with which group",
  manual: {
    description: [
      "Shows, for each principal of an access map and each of its groups, whether it may read, list, put, remove and read old versions, as the policy documents decide. For what is denied it says how many layers each stop it alone: the principal's own policies, the bucket's, the key's and the endpoint's. Any role of the account or of another one that has every right of its own, and requests without a signature, are asked about too.",
      "What the documents decide is held against what the map says, and a difference is marked and listed. The documents are those that postern makes of the map, or with --from those of a folder that policy generate wrote.",
      "The HTML page is one file that needs no network and can be read without scripts and on paper. It says nothing of when it was made unless --date does, so that it is the same each time.",
    ],
    consults: [],
  },
  add: (parser, surroundings) =>
    parser.command(
      "matrix <map>",
      policyMatrix.summary,
      (options) =>
        options
          .positional("map", { type: "string", demandOption: true, describe: "the access map" })
          .option("format", {
            type: "string",
            requiresArg: true,
            choices: FORMATS,
            default: "table" as const,
            describe: "table; markdown, for a pull request; csv; or html, a page",
          })
          .option("from", {
            type: "string",
            requiresArg: true,
            describe: "a folder of documents instead of those that the map makes",
          })
          .option("bucket", {
            type: "string",
            requiresArg: true,
            describe: "one bucket, such as a replica's, in place of all that groups lie in",
          })
          .option("date", {
            type: "string",
            requiresArg: true,
            describe: "what the page says of when it was made",
          })
          .epilogue("Exits with 2 when the documents do not do what the map says.")
          .example("$0 matrix access.yaml", "a table for the terminal")
          .example("$0 matrix access.yaml --format html > matrix.html", "a page to look at")
          .example("$0 matrix access.yaml --from exported", "what really lies there"),
      async ({ map, format, from, bucket, date }) => {
        await showMatrix(map, { format, from, bucket, date }, surroundings);
      },
    ),
};

interface Wanted {
  readonly format: Format;
  readonly from: string | undefined;
  readonly bucket: string | undefined;
  readonly date: string | undefined;
}

async function showMatrix(
  file: string,
  { format, from, bucket, date }: Wanted,
  { terminal, exitWith }: Surroundings,
): Promise<void> {
  const [{ parseMap }, { bucketsOf }, { differencesOf, matrixOf }] = await Promise.all([
    import("../map/parse.ts"),
    import("../map/buckets.ts"),
    import("../audit/matrix.ts"),
  ]);
  const bytes = await valueOfFile(file);
  const map = parseMap(bytes.toString("utf8"), file);
  const { deployment } = await documentsOf(map, from);
  const matrix = matrixOf(
    map,
    deployment,
    bucket === undefined ? undefined : [bucketNamed(bucketsOf(map), bucket)],
  );
  const page: Page = {
    mapSha256: createHash("sha256").update(bytes).digest("hex"),
    madeOn: date,
    columns: Math.max(80, terminal.stdout.isTTY ? terminal.stdout.columns : 0),
  };
  await write(terminal.stdout, await encode(matrix, format, page));
  if (differencesOf(matrix).length > 0) exitWith(EXIT.changed);
}

/** @throws {PosternError} Usage for a bucket that the map does not have */
function bucketNamed(buckets: readonly MapBucket[], name: string): MapBucket {
  const found = buckets.find(({ target }) => target.bucket === name);
  if (found !== undefined) return found;
  const known = buckets.map(({ target }) => target.bucket).join(", ");
  throw new PosternError("Usage", `expected a bucket of the map, got ${quote(name)}`, {
    hint: `the map has ${known}`,
  });
}

interface Page {
  readonly mapSha256: string;
  readonly madeOn: string | undefined;
  readonly columns: number;
}

async function encode(matrix: Matrix, format: Format, page: Page): Promise<string> {
  switch (format) {
    case "table":
      return (await import("../audit/matrix-table.ts")).encodeTable(matrix, page.columns);
    case "markdown":
      return (await import("../audit/matrix-markdown.ts")).encodeMarkdown(matrix);
    case "csv":
      return (await import("../audit/matrix-csv.ts")).encodeCsv(matrix);
    case "html": {
      const version = process.env["POSTERN_VERSION"] ?? "0.0.0";
      return (await import("../audit/matrix-html.ts")).encodeHtml(matrix, { ...page, version });
    }
    default:
      return format satisfies never;
  }
}
