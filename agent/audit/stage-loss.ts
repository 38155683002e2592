/**
 * Who loses what from one stage of an adoption to the next, among the principals of the map and a role that it does not
 * name and whose own policies allow everything.
 *
 * Asked is every verb on every group, as it should be and in each of the ways that guards are there to stop.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import {
  type AccessMap,
  type Group,
  type Principal,
  type PrincipalName,
  type Target,
  type Verb,
  VERBS,
} from "../map/access-map.ts";
import { bucketsOf } from "../map/buckets.ts";
import { type Bindings, bindingsOf } from "../policy/bindings.ts";
import type { Context } from "../policy/context.ts";
import type { Deployment } from "../policy/deployment.ts";
import { evaluate } from "../policy/evaluate.ts";
import { type Ask, askOf, exampleKey } from "./asks.ts";
import { strangerOf, withStranger } from "./strangers.ts";

/** How a request comes; "" is as it should. */
export type Way =
  | ""
  | "without TLS"
  | "by a presigned URL"
  | "from an address elsewhere"
  | "with credentials of IMDSv1";

const WAYS: readonly Way[] = [
  "",
  "without TLS",
  "by a presigned URL",
  "from an address elsewhere",
  "with credentials of IMDSv1",
];

/** Undefined where a request cannot come so. */
function contextIn(way: Way, context: Context): Context | undefined {
  switch (way) {
    case "":
      return context;
    case "without TLS":
      return put(context, "aws:securetransport", "false");
    case "by a presigned URL":
      return context.has("s3:authtype")
        ? put(context, "s3:authtype", "REST-QUERY-STRING")
        : undefined;
    case "from an address elsewhere": {
      const gone = ["aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip"];
      const rest = new Map([...context].filter(([key]) => !gone.includes(key)));
      return put(rest, "aws:sourceip", "192.0.2.7");
    }
    case "with credentials of IMDSv1":
      return context.has("ec2:roledelivery") ? put(context, "ec2:roledelivery", "1.0") : undefined;
    default:
      return way satisfies never;
  }
}

/** What a holder of ciphertext does with it, S3 having no say. */
const DECRYPT = "decrypt ciphertext of";
export type Doing = Verb | typeof DECRYPT;

/** What a principal loses in a bucket by one way of asking. */
export interface Loss {
  readonly principal: PrincipalName;
  readonly bucket: string;
  readonly way: Way;
  readonly lost: readonly Lost[];
  /** Whether nothing is left of what it could do so, but for decrypting. */
  readonly isAll: boolean;
}

export interface Lost {
  readonly doing: Doing;
  readonly groups: readonly Group["name"][];
}

/** @throws {PosternError} Internal when something is gained, which no stage may */
export function lossesOf(map: AccessMap, before: Deployment, after: Deployment): readonly Loss[] {
  const was = bindingsOf(withStranger(map, before));
  const is = bindingsOf(withStranger(map, after));
  return bucketsOf(map).flatMap(({ map: one, target }) =>
    [...map.principals, strangerOf(map)].flatMap((principal) => {
      const had = asksOf({ map: one, target, principal }).filter(({ ask }) => {
        refuseGain(ask, was, is);
        return isAllowed(ask, was);
      });
      return WAYS.flatMap((way): readonly Loss[] => {
        const came = had.flatMap((one) => comingBy(way, one, was));
        const gone = came.filter(({ ask }) => !isAllowed(ask, is));
        const { name } = principal;
        const isAll = came.every((one) => one.doing === DECRYPT || gone.includes(one));
        const loss = { principal: name, bucket: target.bucket, way, lost: byDoing(gone), isAll };
        return gone.length === 0 ? [] : [loss];
      });
    }),
  );
}

interface Asked {
  readonly doing: Doing;
  readonly group: Group["name"];
  readonly ask: Ask;
}

interface Row {
  readonly map: AccessMap;
  readonly target: Target;
  readonly principal: Principal;
}

function asksOf(row: Row): readonly Asked[] {
  return row.map.groups.flatMap((group) => {
    const { name } = group;
    const reading = askFor(row, group, "read");
    const steps = reading.steps.filter(({ request }) => request.action === "kms:Decrypt");
    const decrypting: Asked = { doing: DECRYPT, group: name, ask: { ...reading, steps } };
    return [
      ...VERBS.map((doing): Asked => ({ doing, group: name, ask: askFor(row, group, doing) })),
      ...(steps.length === 0 ? [] : [decrypting]),
    ];
  });
}

/** The same asked in that way, if it can be and was allowed. */
function comingBy(way: Way, { ask, ...rest }: Asked, was: Bindings): readonly Asked[] {
  // guards of the wire are the bucket's
  const other = rest.doing === DECRYPT && way !== "" ? undefined : inWay(ask, way);
  return other === undefined || !isAllowed(other, was) ? [] : [{ ...rest, ask: other }];
}

function byDoing(gone: readonly Asked[]): readonly Lost[] {
  const doings = [...new Set(gone.map(({ doing }) => doing))];
  return doings.map((doing) => ({
    doing,
    groups: gone.filter((one) => one.doing === doing).map(({ group }) => group),
  }));
}

function askFor({ map, target, principal }: Row, group: Group, verb: Verb): Ask {
  const { reach } = group;
  const listed = reach.kind === "bundle" ? reach.key : reach.prefix;
  return askOf(map, target, {
    principal,
    verb,
    key: verb === "list" ? listed : exampleKey(group),
    group,
  });
}

function refuseGain(ask: Ask, was: Bindings, is: Bindings): void {
  if (isAllowed(ask, was) || !isAllowed(ask, is)) return;
  throw new PosternError(
    "Internal",
    `a stage lets in more than the one before: ${ask.principal.name} may ${ask.verb} ${quote(ask.key)}`,
  );
}

/** Of what the principal asks itself; undefined where nothing of it can come so. */
function inWay(ask: Ask, way: Way): Ask | undefined {
  let isOther = false;
  const steps = ask.steps.map((one) => {
    const context = one.by === "s3" ? undefined : contextIn(way, one.request.context);
    if (context === undefined) return one;
    isOther = true;
    return { ...one, request: { ...one.request, context } };
  });
  return isOther ? { ...ask, steps } : undefined;
}

function put(context: Context, key: string, value: string): Context {
  return new Map([...context, [key, [value]]]);
}

function isAllowed({ steps }: Ask, bindings: Bindings): boolean {
  return steps.every(({ request }) => evaluate(request, bindings(request)).decision === "allow");
}
