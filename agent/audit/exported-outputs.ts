/** One output of the AWS CLI as people save it. @module */
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { isRecord, kindOf } from "../policy/issues.ts";
import { parseJson } from "../policy/json.ts";
import { accountDetails } from "./exported-account.ts";
import { iamOutputs } from "./exported-iam.ts";
import { type Known, known, type Output } from "./exported-output.ts";
import { resourceOutputs } from "./exported-resources.ts";

const KNOWN: readonly Known[] = [
  known(["Absent"], v.object({ Absent: v.string() }), ({ Absent: code }) => {
    return { kind: "absent", code };
  }),
  known(["RoleDetailList"], accountDetails, (details) => ({ kind: "account", details })),
  ...iamOutputs,
  ...resourceOutputs,
];

/**
 * @param file names it in errors
 * @throws {PosternError} BadData for what no known command prints
 */
export function parseOutput(text: string, file: string): Output {
  // the CLI prints nothing at all for a bucket that never had versions
  if (text.trim() === "") return neverVersioned(file);
  const value = parseJson(text, file);
  if (!isRecord(value))
    throw new PosternError("BadData", `${file}: expected an object, got ${kindOf(value)}`);
  if (value["IsTruncated"] === true || value["Truncated"] === true)
    throw new PosternError("BadData", `${file}: expected the whole list, got a part of it`, {
      hint: "run the command without --max-items and --no-paginate",
    });
  const found = KNOWN.find(({ members }) => members.every((name) => Object.hasOwn(value, name)));
  if (found !== undefined) return found.read(value, file);
  if (Object.keys(value).length === 0) return neverVersioned(file);
  const members = Object.keys(value).slice(0, 5).map(quote).join(", ");
  throw new PosternError("BadData", `${file}: expected an output of the AWS CLI, got ${members}`, {
    hint: "postern policy drift MAP --print-export prints the commands whose outputs are known",
  });
}

function neverVersioned(file: string): Output {
  if (/versioning[^/]*$/i.test(file))
    return { kind: "bucket settings", settings: { versioning: undefined } };
  throw new PosternError("BadData", `${file}: expected an output of the AWS CLI, got nothing`, {
    hint: "only get-bucket-versioning prints nothing: say so in the file's name",
  });
}
