/** `postern cat`: one object of S3 to stdout, with no configuration at all. @module */
import type { Argv } from "yargs";
import { systemChance } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { type CatFlags, readCatFlags } from "./cat-flags.ts";
import type { Command, Surroundings } from "./command.ts";
import { refuseTerminal, write } from "./output.ts";

export const cat: Command = {
  name: "cat",
  audience: "recipes and apps",
  summary: "print one object of S3, with no configuration",
  repeatable: ["key", "context"],
  manual: {
    description: [
      "Prints the exact bytes of one object, opened if --decrypt says how it is sealed. It needs neither a configuration nor a run directory: the account and the region are the instance's own unless they are named, and the credentials its role's. The bucket must belong to that account.",
      "A terminal is refused unless --show is given.",
    ],
    consults: [],
  },
  add: (parser, surroundings) =>
    parser.command("cat <object>", cat.summary, addFlags, ({ show = false, ...flags }) =>
      printObject(flags, show, surroundings),
    ),
};

function addFlags(options: Argv): Argv<CatFlags & { show?: boolean | undefined }> {
  const text = (describe: string) => ({ type: "string", requiresArg: true, describe }) as const;
  const texts = (describe: string) => ({ ...text(describe), array: true }) as const;
  return options
    .positional("object", { type: "string", demandOption: true, describe: "s3://BUCKET/KEY" })
    .option("bucket-owner", text("the account that must own it (this instance's own)"))
    .option("region", text("the bucket's region (this instance's own)"))
    .option("decrypt", text("how it is sealed: none (default), kms or envelope"))
    .option("key", texts("the ARN of a key that may have sealed it; repeatable"))
    .option("context", texts("NAME=VALUE of its encryption context; repeatable"))
    .option("credentials", text("instance (default), environment, container or web-identity"))
    .option("profile", text("take the credentials from this profile"))
    .option("max-size", text("refuse a larger object (1MiB)"))
    .option("show", { type: "boolean", describe: "print to a terminal too" })
    .epilogue("AWS_ENDPOINT_URL_S3 and the SDK's other endpoint variables count.")
    .example("$0 cat s3://acme/web/db_password", "as this instance's role")
    .example("$0 cat s3://b/k --decrypt kms --key ARN", "what aws kms encrypt sealed");
}

async function printObject(
  flags: CatFlags,
  show: boolean,
  { terminal, clock }: Surroundings,
): Promise<void> {
  const request = readCatFlags(flags);
  refuseTerminal(terminal.stdout, show);
  const { readObject } = await import("../daemon/one-object.ts");
  let bytes: SecretBytes;
  try {
    bytes = await readObject(request, { env: terminal.env, clock, chance: systemChance });
  } catch (error) {
    throw inFlags(error);
  }
  try {
    await write(terminal.stdout, bytes.expose());
  } finally {
    bytes.wipe();
  }
}

/** What the layers below name after the config's keys, under the names of this command's flags. */
const FLAG_OF: readonly (readonly [RegExp, string])[] = [
  [/\bin the config\b/, "on the command line"],
  [/\b(set|check|bucket and) region\b/, "$1 --region"],
  [/\bregion (?=is not known)/, "--region "],
  [/\bbucket_owner\b/, "--bucket-owner"],
  [/\bmax_size\b/, "--max-size"],
  [/\bdecrypt says \(mode, keys, context\)/, "--decrypt, --key and --context say"],
  [/\bdecrypt\.mode kms\b/, "--decrypt kms"],
  [/\bmode envelope\b/, "--decrypt envelope"],
];

function inFlags(error: unknown): unknown {
  if (!(error instanceof PosternError)) return error;
  const { hint, awsCode, requestId, cause } = error;
  return new PosternError(error.code, translated(error.message), {
    cause,
    ...(hint === undefined ? {} : { hint: translated(hint) }),
    ...(awsCode === undefined ? {} : { awsCode }),
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** Names in quotes stay as they are: a key may be called "max_size". */
function translated(text: string): string {
  return text
    .split(/("(?:[^"\\]|\\.)*")/)
    .map((part) =>
      part.startsWith('"')
        ? part
        : FLAG_OF.reduce((said, [of, flag]) => said.replace(of, flag), part),
    )
    .join("");
}
