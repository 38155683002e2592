/** One group: may it be listed and read, can its names and sizes be stored, does it open. @module */
import { isMissingKey, remedyOf } from "../aws/failure.ts";
import { encodeSize } from "../config/units.ts";
import type { GroupConfig } from "../config/config.ts";
import { PosternError } from "../core/errors.ts";
import { judgeNames, keyIn, quote, type Refusal, type SecretName } from "../core/names.ts";
import { missingOrDenied } from "../source/only.ts";
import { examineSealing, type Unsealing } from "./sealing.ts";
import { failed, type Finding, isFault, ok, skipped, warning } from "./finding.ts";
import { type Asking, getObject, type Got, type Opening } from "./opening.ts";

export interface Examining extends Unsealing {
  readonly asking: Asking;
}

/** Goes on from the group's opening, whose bodies it uses up. */
export async function examineGroup(
  opening: Opening,
  examining: Examining,
): Promise<readonly Finding[]> {
  return opening.kind === "listed"
    ? examineListed(opening, examining)
    : examineObjects(opening, examining);
}

type Listed = Opening & { readonly kind: "listed" };

async function examineListed(opening: Listed, examining: Examining): Promise<readonly Finding[]> {
  const { group, prefix, listing } = opening;
  if (isFault(listing)) {
    const fix = remedyOf(listing, examining.who);
    const only =
      listing.code === "Denied" ? "; or name the objects in only: that needs no list" : "";
    return [
      failed("list", listing, fix === undefined ? undefined : `${fix}${only}`),
      skipped("get", "the list"),
      ...unopened(group, "the list"),
    ];
  }
  const entries = listing.objects.map(({ key, size }) => ({
    name: key.slice(prefix.length),
    entry: size,
  }));
  const { accepted, refused } = judgeNames(entries, examining.rootBytes);
  const secrets = accepted.map(({ name, entry }) => ({ name, size: entry }));
  const readable = secrets.filter(({ size }) => size <= group.maxObjectBytes);
  const smallest = readable.toSorted((a, b) => a.size - b.size)[0];
  return [
    judgeAmount(secrets, group, prefix),
    ...judgeRefused(refused, group),
    ...judgeSizes(secrets, group),
    ...(smallest === undefined ? [] : await examineOne(opening, smallest.name, examining)),
  ];
}

interface Sized {
  readonly name: string;
  /** As it lies in S3. */
  readonly size: number;
}

function judgeAmount(secrets: readonly Sized[], group: GroupConfig, prefix: string): Finding {
  if (secrets.length > 0 || group.allowEmpty)
    return ok("list", `${saidCount(secrets.length)}, ${sumOf(secrets)} bytes`);
  const empty = new PosternError("BadData", `no secret below ${quote(prefix)}`);
  return failed("list", empty, "put one there, check prefix, or say allow_empty: true");
}

function judgeRefused(refused: readonly Refusal[], { onBadName }: GroupConfig): readonly Finding[] {
  if (refused.length === 0) return [];
  const lines = firstOf(refused.map(({ key, why }) => `${quote(key)}: ${why}`));
  const found = `${saidCount(refused.length)} cannot be stored`;
  if (onBadName === "skip") return lines.map((line) => warning("names", `left out: ${line}`));
  const error = new PosternError("BadName", found, { issues: lines });
  return [failed("names", error, "rename them, or say on_bad_name: skip to leave them out")];
}

function judgeSizes(secrets: readonly Sized[], group: GroupConfig): readonly Finding[] {
  const { maxObjectBytes, maxGroupBytes } = group;
  const limit = encodeSize(maxObjectBytes);
  const tooLong = secrets.filter(({ size }) => size > maxObjectBytes);
  const issues = firstOf(
    tooLong.map(({ name, size }) => `${quote(name)}: expected at most ${limit}, got ${size} bytes`),
  );
  const large = new PosternError("TooLarge", `${saidCount(tooLong.length)} too large`, { issues });
  const total = sumOf(secrets);
  return [
    ...(issues.length === 0 ? [] : [tooLarge(large, "max_size")]),
    ...(total <= maxGroupBytes ? [] : [tooMuch(total, maxGroupBytes)]),
  ];
}

function tooMuch(total: number, maxBytes: number): Finding {
  const found = `expected at most ${encodeSize(maxBytes)} together, got ${total} bytes`;
  return tooLarge(new PosternError("TooLarge", found), "max_group_size");
}

function tooLarge(error: PosternError, limit: string): Finding {
  return failed("sizes", error, `raise ${limit}, if it is meant to be this large`);
}

async function examineOne(
  { group, prefix }: Listed,
  name: SecretName,
  examining: Examining,
): Promise<readonly Finding[]> {
  const key = keyIn(prefix, name);
  const { got } = await getObject(key, group.maxObjectBytes, examining.asking);
  if (!isFault(got.body))
    return [
      ok("get", `${quote(name)}, the smallest: ${got.body.length} bytes`),
      ...(await examineSealing({ key, body: got.body }, group, examining)),
    ];
  return [
    failed("get", got.body, remedyOf(got.body, examining.who)),
    ...unopened(group, "an object"),
  ];
}

type Gotten = Opening & { readonly kind: "got" };

async function examineObjects(
  { group, objects }: Gotten,
  examining: Examining,
): Promise<readonly Finding[]> {
  const refused = objects.flatMap((got) => judgeGot(got, group, examining));
  const sizes = objects.flatMap(({ key, body }) =>
    isFault(body) ? [] : [{ name: key, size: body.length, key, body }],
  );
  const total = sumOf(sizes);
  const isTooMuch = group.layout.kind !== "bundle" && total > group.maxGroupBytes;
  const found = `${sizes.length} of ${saidCount(objects.length)}, ${total} bytes`;
  const smallest = sizes.toSorted((a, b) => a.size - b.size)[0];
  const sealing =
    smallest === undefined
      ? unopened(group, "an object")
      : await examineSealing(smallest, group, examining);
  return [
    ...(refused.length === 0 ? [ok("get", found)] : refused),
    ...(isTooMuch ? [tooMuch(total, group.maxGroupBytes)] : []),
    ...sealing,
  ];
}

function judgeGot(
  { key, body }: Got,
  { layout }: GroupConfig,
  { who, asking }: Examining,
): readonly Finding[] {
  if (!isFault(body)) return [];
  const fix = remedyOf(body, who);
  if (isMissingKey(body)) {
    const other = layout.kind === "only" ? "take its name out of only" : "correct bundle";
    return [failed("get", body, `put the object, or ${other}`)];
  }
  // who may not list is told of a missing key by the same 403
  if (body.awsCode !== "AccessDenied") return [failed("get", body, fix)];
  const error = missingOrDenied(body, `s3://${asking.home.bucket}/${key}`);
  return [failed("get", error, `put the object, or ${fix ?? "grant s3:GetObject on it"}`)];
}

// the first of ten thousand are enough to see the pattern
const MOST_LINES = 10;

function firstOf(lines: readonly string[]): readonly string[] {
  const more = lines.length - MOST_LINES;
  return more > 0 ? [...lines.slice(0, MOST_LINES), `and ${more} more`] : lines;
}

// what is not sealed needs no opening
function unopened({ decrypt }: GroupConfig, needs: string): readonly Finding[] {
  return decrypt.mode === "none" ? [] : [skipped("decrypt", needs)];
}

function sumOf(secrets: readonly Sized[]): number {
  return secrets.reduce((sum, { size }) => sum + size, 0);
}

function saidCount(amount: number): string {
  return amount === 1 ? "1 object" : `${amount} objects`;
}
