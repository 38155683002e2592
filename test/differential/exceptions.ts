/**
 * Where the two are known to differ, and why ours stands: in all else they must agree. Each is as narrow as it can be
 * told; a test has an example of each on which they still differ.
 */
import type { Asked } from "./oracle.ts";

export interface Exception {
  readonly why: string;
  /** The page that ours follows. */
  readonly source: string;
  readonly covers: (asked: Asked) => boolean;
}

const IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/";

export const EXCEPTIONS: readonly Exception[] = [
  {
    why: "in a document of version 2008-10-17 a variable is plain text; the judge resolves it",
    source: `${IAM}reference_policies_elements_version.html`,
    covers: ({ policies }) =>
      documentsOf(policies).some(
        (document) =>
          document["Version"] === "2008-10-17" && JSON.stringify(document).includes("${"),
      ),
  },
  {
    why: "a variable without a value matches nothing, so that a negated operator holds; the judge's does not",
    source: `${IAM}reference_policies_variables.html`,
    covers: ({ policies, context }) =>
      context["aws:PrincipalTag/part"] === undefined &&
      conditionsOf(policies).some(
        ({ operator, values }) =>
          operator.includes("Not") && values.some((text) => text.includes("/part}")),
      ),
  },
  {
    why: "whom a resource's policy names as session or as anyone is not held by a session policy; the judge's is",
    source: `${IAM}reference_policies_elements_principal.html`,
    covers: ({ policies }) =>
      policies.session !== undefined &&
      /"Principal":("\*"|\{"AWS":"(\*|[^"]*:assumed-role\/))/.test(
        JSON.stringify(policies.resource ?? {}),
      ),
  },
  {
    why: "an address is none of the other family, so that NotIpAddress holds; the judge's does not without a prefix",
    source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ipv6-access.html",
    covers: ({ policies, context }) => {
      const isV6 = String(context["aws:SourceIp"]).includes(":");
      return conditionsOf(policies).some(
        ({ operator, values }) =>
          operator.startsWith("NotIpAddress") &&
          values.some((range) => !range.includes("/") && range.includes(":") !== isV6),
      );
    },
  },
  {
    why: "${*} is an asterisk, under StringEquals as well; the judge takes it as it is written there",
    source: `${IAM}reference_policies_variables.html`,
    covers: ({ policies, context }) =>
      context["aws:PrincipalTag/team"] === "*" &&
      conditionsOf(policies).some(({ values }) => values.includes("${*}")),
  },
];

export function isExcepted(asked: Asked): boolean {
  return EXCEPTIONS.some(({ covers }) => covers(asked));
}

type Document = Readonly<Record<string, unknown>>;

function documentsOf(policies: Asked["policies"]): readonly Document[] {
  const { identity = [], resource, session, boundary, scp = [], rcp = [], endpoint } = policies;
  return [...identity, resource, session, boundary, ...scp.flat(), ...rcp.flat(), endpoint].filter(
    (one) => one !== undefined,
  );
}

interface Condition {
  readonly operator: string;
  readonly values: readonly string[];
}

function conditionsOf(policies: Asked["policies"]): readonly Condition[] {
  return documentsOf(policies)
    .flatMap((document) => document["Statement"] as readonly Document[])
    .flatMap(({ Condition = {} }) => Object.entries(Condition as Record<string, Document>))
    .flatMap(([operator, keys]) =>
      Object.values(keys).map((values) => ({
        operator,
        values: [values].flat().map(String),
      })),
    );
}
