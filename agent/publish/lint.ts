/**
 * What a publisher should know of secrets before a host has them: names that hosts refuse, and values that
 * nobody meant. Pure; docs/lint.md has the rules one by one.
 * @module
 */
import { judgeNames } from "../core/names.ts";
import { foreignToSystemd, judgeVariables } from "../render/dotenv.ts";
import { decodeText } from "../render/values.ts";
import {
  type Credential,
  encodeMismatch,
  findMismatches,
  judgeCredential,
  readCredential,
} from "./lint-certificate.ts";
import { judgeJson } from "./lint-json.ts";
import { isPlaceholder } from "./lint-placeholder.ts";
import { type Fault, type Finding, LINT_RULES } from "./lint-rules.ts";
import { judgeText, judgeUtf16 } from "./lint-text.ts";

export interface LintRequest {
  /** The whole set as it would be after publishing, as far as the publisher can see it: name to bytes. Names as given, not yet judged. */
  readonly secrets: ReadonlyMap<string, Buffer>;
  /** Those about to be written: only they are judged; of what lies between two, one is enough. */
  readonly written: ReadonlySet<string>;
  /** What S3 holds now, of the written ones; undefined when it may not be read. */
  readonly previous: ReadonlyMap<string, Buffer> | undefined;
  /** Whether a host renders the group as dotenv. */
  readonly dotenv: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What there is to say, in the order of the secrets. */
export function lint(request: LintRequest): readonly Finding[] {
  const { secrets, written } = request;
  const credentials = new Map(
    [...secrets].map(([name, bytes]) => [name, readCredential(name, bytes)] as const),
  );
  const ofNames = judgeNamesOf(request);
  const ofPairs = judgePairs(credentials, written);
  return [...secrets]
    .filter(([name]) => written.has(name))
    .flatMap(([name, bytes]) => {
      const ofName = ofNames.get(name);
      const faults = [
        ...(ofName === undefined ? [] : [ofName]),
        ...judgeValue(name, bytes, credentials.get(name) ?? [], request),
        ...(ofPairs.get(name) ?? []),
      ];
      return faults.map((fault) => findingOf(name, fault));
    });
}

function findingOf(name: string, { rule, message }: Fault): Finding {
  return { rule, name, message, level: LINT_RULES[rule] };
}

function judgeNamesOf({ secrets, dotenv }: LintRequest): ReadonlyMap<string, Fault> {
  const judged = judgeNames([...secrets.keys()].map((name) => ({ name, entry: undefined })));
  const faults = new Map<string, Fault>();
  for (const name of judged.ignored)
    faults.set(name, { rule: "bad-name", message: "expected a file's name, got a folder's" });
  for (const { key, why } of judged.refused) faults.set(key, { rule: "bad-name", message: why });
  if (!dotenv) return faults;
  // names that no host takes are no variables to any
  const variables = judgeVariables(judged.accepted.map(({ name }) => name));
  for (const [name, why] of variables.faults)
    faults.set(name, { rule: "dotenv-name", message: why });
  return faults;
}

/** Each fault is told once: of the key, unless only the certificate is written. */
function judgePairs(
  credentials: ReadonlyMap<string, Credential>,
  written: ReadonlySet<string>,
): ReadonlyMap<string, readonly Fault[]> {
  const faults = new Map<string, Fault[]>();
  for (const mismatch of findMismatches(credentials)) {
    const name = written.has(mismatch.key) ? mismatch.key : mismatch.certificate;
    faults.set(name, [...(faults.get(name) ?? []), encodeMismatch(mismatch, name)]);
  }
  return faults;
}

function judgeValue(
  name: string,
  bytes: Buffer,
  credential: Credential,
  { previous, dotenv, now }: LintRequest,
): readonly Fault[] {
  const same: readonly Fault[] =
    previous?.get(name)?.equals(bytes) === true
      ? [{ rule: "unchanged-value", message: "expected a new value, got the one that is there" }]
      : [];
  const unfit = dotenv ? judgeForDotenv(bytes) : [];
  return [...judgeContent(name, bytes, credential, now), ...unfit, ...same];
}

function judgeContent(
  name: string,
  bytes: Buffer,
  credential: Credential,
  now: number,
): readonly Fault[] {
  // bytes with a NUL are no text, though they may be UTF-8
  const text = bytes.includes(0) ? undefined : decodeText(bytes);
  if (text?.trim() === "")
    return [
      {
        rule: "empty-value",
        message: `expected a value, got ${text === "" ? "none" : "white space alone"}`,
      },
    ];
  if (text !== undefined && isPlaceholder(text))
    return [{ rule: "placeholder", message: "expected a value, got a placeholder for one" }];
  if (text !== undefined && isEscapedPem(text))
    return [
      {
        rule: "escaped-pem",
        message: "expected lines, got a backslash and an n where each should end",
      },
    ];
  const json = judgeJson(name, text);
  const layout = credential.length > 0 || json.kind !== "other";
  return [
    ...(text === undefined ? judgeUtf16(bytes) : judgeText(name, text, layout)),
    ...(json.kind === "broken" ? [{ rule: "broken-json", message: json.why } as const] : []),
    ...judgeCredential(credential, now),
  ];
}

/** A key as it stands in JSON or in a variable: some programs put the lines right themselves. */
function isEscapedPem(text: string): boolean {
  return /^"?-----BEGIN [^\n]*\\n[^\n]*$/.test(text.trimEnd());
}

function judgeForDotenv(bytes: Buffer): readonly Fault[] {
  if (bytes.includes(0))
    return [
      { rule: "dotenv-nul", message: "expected no NUL, which no variable can hold, got one" },
    ];
  const foreign = foreignToSystemd(bytes);
  return foreign === undefined
    ? []
    : [
        {
          rule: "dotenv-text",
          message: `expected text that systemd reads, got what ${foreign}`,
        },
      ];
}
