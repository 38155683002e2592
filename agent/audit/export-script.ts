/**
 * A shell script that saves what a map's documents look like on AWS, with calls that only read.
 * @see https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-returncodes.html
 * @module
 */
import type { AccessMap, Principal, Target } from "../map/access-map.ts";

/** Takes the folder as its first word. The map's names need no quotes: `map/words.ts` sees to that. */
export function exportScript(map: AccessMap): string {
  const targets = [map.home, ...map.replicas];
  const calls = [
    ...targets.flatMap((target) => bucketCalls(target)),
    ...targets.flatMap(({ region, keys }) =>
      [...keys.values()].flatMap((key) => keyCalls(key, region)),
    ),
    ACCOUNT_CALL,
    ...map.principals.flatMap((principal) => identityCalls(principal)),
    ...targets.flatMap(({ region, endpoints }) =>
      endpoints.map(({ id }) =>
        ask(
          `endpoints/${id}/describe-vpc-endpoints`,
          `ec2 describe-vpc-endpoints --region ${region} --vpc-endpoint-ids ${id}`,
        ),
      ),
    ),
  ];
  return `${HEAD}\n${calls.join("\n")}\n`;
}

function bucketCalls({ bucket, region }: Target): readonly string[] {
  const about = `--bucket ${bucket} --region ${region}`;
  return [
    "get-bucket-location",
    "get-bucket-policy",
    "get-public-access-block",
    "get-bucket-ownership-controls",
    "get-bucket-versioning",
    "get-bucket-encryption",
  ].map((call) => ask(`buckets/${bucket}/${call}`, `s3api ${call} ${about}`));
}

function keyCalls(arn: string, region: string): readonly string[] {
  const folder = `keys/${region}/${arn.split("/").at(-1) ?? ""}`;
  const about = `--key-id ${arn} --region ${region}`;
  return [
    ask(`${folder}/describe-key`, `kms describe-key ${about}`),
    ask(`${folder}/get-key-policy`, `kms get-key-policy ${about} --policy-name default`),
    ask(`${folder}/list-grants`, `kms list-grants ${about}`),
  ];
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
    NoSuchBucket | NoSuchBucketPolicy | NoSuchPublicAccessBlockConfiguration | \\
      OwnershipControlsNotFoundError | ServerSideEncryptionConfigurationNotFoundError | \\
      NotFoundException | NoSuchEntity | InvalidVpcEndpointId.NotFound)
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
