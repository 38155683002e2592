/**
 * A shell script that saves what a map's documents look like on AWS, with calls that only read.
 * @see https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-returncodes.html
 * @module
 */
import { keyFolder, kebab, resourceQuestions } from "../account/questions.ts";
import { ABSENCES } from "../aws/error-codes.ts";
import type { Question } from "../aws/question.ts";
import type { AccessMap, Principal } from "../map/access-map.ts";
import { targetsIn } from "../map/buckets.ts";

/** Takes the folder as its first word. The map's names need no quotes: `map/words.ts` sees to that. */
export function exportScript(map: AccessMap): string {
  const targets = targetsIn(map);
  const calls = [
    ...targets.map(({ bucket, region }) =>
      ask(
        `buckets/${bucket}/get-bucket-location`,
        `s3api get-bucket-location --bucket ${bucket} --expected-bucket-owner ${map.account} --region ${region}`,
      ),
    ),
    ...targets.flatMap(({ region, keys }) =>
      [...keys.values()].map((arn) =>
        ask(
          `${keyFolder(arn, region)}/describe-key`,
          `kms describe-key --key-id ${arn} --region ${region}`,
        ),
      ),
    ),
    ...resourceQuestions(map).map(({ file, question }) => ask(file, commandOf(question))),
    ACCOUNT_CALL,
    ...map.principals.flatMap((principal) => identityCalls(principal)),
  ];
  // buckets of a region may have keys and endpoints in common
  return `${HEAD}\n${[...new Set(calls)].join("\n")}\n`;
}

const CLI_NAME = { s3: "s3api", kms: "kms", iam: "iam", ec2: "ec2" } as const;

function commandOf({ service, operation, region, input }: Question): string {
  const flags = Object.entries(input).map(([name, value]) => `--${kebab(name)} ${value}`);
  return [CLI_NAME[service], kebab(operation), ...flags, "--region", region].join(" ");
}

/** Which roles there are and what they may; how long a session lasts only the role itself says. */
const ACCOUNT_CALL = ask(
  "iam/get-account-authorization-details",
  "iam get-account-authorization-details --filter Role User Group LocalManagedPolicy AWSManagedPolicy",
);

/** None for those of another account, or whose names are not known. */
function identityCalls(principal: Principal): readonly string[] {
  if (principal.kind === "sso" || principal.kind === "foreign" || principal.kind === "user")
    return [];
  const name = principal.arn.split("/").at(-1) ?? "";
  return [ask(`roles/${name}/get-role`, `iam get-role --role-name ${name}`)];
}

function ask(file: string, call: string): string {
  return `ask ${file}.json aws ${call}`;
}

const HEAD = `#!/bin/sh
# Saves what "postern policy drift MAP --from DIR" reads. Every call only reads.
# Usage: sh export.sh DIR
# It takes what "postern policy drift MAP --print-policy" prints, and beside that s3:GetBucketLocation on the buckets,
# kms:DescribeKey on the keys, and iam:GetAccountAuthorizationDetails.
set -eu
umask 077
mkdir -p "\${1:?usage: sh export.sh DIR}"
cd "$1"

# ask FILE COMMAND...: keeps what it prints, or AWS's code for what is not there
ask() {
  file=$1
  shift
  mkdir -p "$(dirname "$file")"
  if "$@" --output json >"$file" 2>"$file.error"; then
    rm "$file.error"
    return
  fi
  code=$(sed -n 's/.*An error occurred (\\([A-Za-z.]*\\)).*/\\1/p' "$file.error")
  case $code in
    ${ABSENCES.join(" | \\\n      ")})
      printf '{"Absent":"%s"}\\n' "$code" >"$file"
      rm "$file.error"
      ;;
    *)
      cat "$file.error" >&2
      rm "$file" "$file.error"
      exit 1
      ;;
  esac
}
`;
