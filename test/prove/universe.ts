/** Small worlds of documents and classes in which every request can be tried. @module */
import fc from "fast-check";
import type { Values } from "../../agent/prove/request-class.ts";

export const A = "111122223333";
export const OBJECT = "arn:aws:s3:::b/a";

/** A key, the values that are tried for it, and the conditions that documents of the world have on it. */
export interface Key {
  readonly name: string;
  readonly universe: readonly Values[];
  readonly conditions: readonly (readonly [operator: string, values: readonly string[]])[];
}

const LETTERS = ["a", "b", "A", "z"];
const TEXTS = ["", ...LETTERS, ...LETTERS.flatMap((one) => LETTERS.map((other) => one + other))];
const single = (texts: readonly string[]): readonly Values[] => [[], ...texts.map((one) => [one])];
const STRING_CONDITIONS: Key["conditions"] = [
  ["StringEquals", ["a"]],
  ["StringEquals", ["a", "bz"]],
  ["StringNotEquals", ["ab"]],
  ["StringNotEqualsIfExists", ["a", "b"]],
  ["StringEqualsIgnoreCase", ["A"]],
  ["StringNotEqualsIgnoreCase", ["ab"]],
  ["StringLike", ["a*"]],
  ["StringLike", ["?b", "z"]],
  ["StringLikeIfExists", ["*a"]],
  ["StringNotLike", ["*b*"]],
  ["StringNotLike", ["?"]],
  ["Null", ["true"]],
  ["Null", ["false"]],
];

const TAG: Key = {
  name: "aws:PrincipalTag/t",
  universe: single(TEXTS),
  conditions: [
    ...STRING_CONDITIONS,
    ["StringEquals", ["${aws:PrincipalTag/u}"]],
    ["StringNotEquals", ["${aws:PrincipalTag/u, 'a'}"]],
    ["StringLike", ["${aws:PrincipalTag/u, 'b'}", "zz"]],
    ["StringNotEqualsIfExists", ["${aws:PrincipalTag/u}", "a"]],
  ],
};
const OTHER_TAG: Key = {
  name: "aws:PrincipalTag/u",
  universe: single(["", "a", "b", "z", "ab", "bz", "zz", "none"]),
  conditions: [...STRING_CONDITIONS, ["StringEquals", ["${aws:PrincipalTag/t, 'none'}"]]],
};

export const KEYS: readonly Key[] = [
  TAG,
  OTHER_TAG,
  {
    name: "aws:SecureTransport",
    universe: single(["true", "false"]),
    conditions: [
      ["Bool", ["true"]],
      ["Bool", ["false"]],
      ["BoolIfExists", ["false"]],
      ["Null", ["true"]],
      ["StringEquals", ["true"]],
    ],
  },
  {
    name: "s3:TlsVersion",
    universe: single(["0", "1", "1.1", "1.2", "1.20", "1.25", "1.3", "2"]),
    conditions: [
      ["NumericLessThan", ["1.2"]],
      ["NumericGreaterThan", ["1.2"]],
      ["NumericLessThanEqualsIfExists", ["1.3"]],
      ["NumericEquals", ["1.2"]],
      ["NumericNotEquals", ["1.2", "1.3"]],
      ["NumericGreaterThanEquals", ["1.1"]],
      ["StringNotEquals", ["1.20"]],
    ],
  },
  {
    name: "aws:CurrentTime",
    universe: single([
      "2025-06-01T00:00:00Z",
      "2026-01-01T00:00:00Z",
      "2026-06-01T00:00:00Z",
      "2027-01-01T00:00:00Z",
      "1893456000",
    ]),
    conditions: [
      ["DateLessThan", ["2026-01-01"]],
      ["DateGreaterThan", ["2026-01-01T00:00:00Z"]],
      ["DateEquals", ["2027-01-01"]],
      ["DateNotEquals", ["1767225600"]],
      ["DateLessThanEqualsIfExists", ["2027-01-01T00:00:00Z"]],
    ],
  },
  {
    name: "aws:SourceIp",
    universe: single([
      "9.255.255.255",
      "10.0.0.0",
      "10.0.0.1",
      "10.0.1.0",
      "10.1.0.0",
      "11.0.0.0",
      "::",
      "2001:db8::1",
      "2001:db8:1::",
      "ffff::",
    ]),
    conditions: [
      ["IpAddress", ["10.0.0.0/8"]],
      ["IpAddress", ["10.0.0.0/24", "2001:db8::/32"]],
      ["IpAddressIfExists", ["2001:db8::/48"]],
      ["NotIpAddress", ["10.0.0.1"]],
      ["NotIpAddressIfExists", ["10.0.0.0/16", "::/0"]],
      ["StringEquals", ["10.0.0.0"]],
    ],
  },
  {
    name: "aws:SourceArn",
    universe: single([
      "arn:aws:s3:::a",
      "arn:aws:s3:::b",
      "arn:aws:s3:::ab:c",
      "arn:aws:s3:x::a",
      "arn:z:s3:::a",
      "arn:aws:kms:x:y:a",
      "arn:aws:s3::y:a",
      "arn:aws:s3:::aa",
    ]),
    conditions: [
      ["ArnEquals", ["arn:aws:s3:::a"]],
      ["ArnLike", ["arn:aws:s3:*:*:a*"]],
      ["ArnNotLike", ["arn:*:s3:::?"]],
      ["ArnNotEqualsIfExists", ["arn:aws:*"]],
      ["ArnLike", ["arn:aws:*:x:*:*"]],
      ["StringLike", ["arn:aws:s3:*a"]],
      ["StringEquals", ["arn:aws:s3:::b"]],
    ],
  },
  {
    name: "kms:EncryptionContextKeys",
    universe: [
      [],
      [""],
      ["a"],
      ["b"],
      ["z"],
      ["a", "b"],
      ["a", "z"],
      ["b", "z"],
      ["a", "b", "z"],
      ["ab"],
      ["a", "ab"],
      ["b", "ab"],
    ],
    conditions: [
      ["ForAllValues:StringEquals", ["a", "b"]],
      ["ForAnyValue:StringEquals", ["a"]],
      ["ForAnyValue:StringNotEquals", ["a", "b"]],
      ["ForAllValues:StringNotLike", ["*b"]],
      ["ForAnyValue:StringLikeIfExists", ["a*"]],
      ["ForAllValues:StringEquals", ["a"]],
      ["Null", ["false"]],
    ],
  },
  {
    name: "s3:signatureAge",
    universe: single(["eA==", "YQ==", "Yg=="]),
    conditions: [
      ["BinaryEquals", ["YQ=="]],
      ["BinaryEquals", ["YQ==", "Yg=="]],
    ],
  },
];

export type Element = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** One to three conditions on some of the keys, as a Condition element. */
export function element(keys: readonly Key[]): fc.Arbitrary<Element> {
  const one = fc
    .constantFrom(...keys)
    .chain(({ name, conditions }) =>
      fc.constantFrom(...conditions).map(([operator, values]) => ({ name, operator, values })),
    );
  return fc.array(one, { maxLength: 3 }).map((list) => {
    const made: Record<string, Record<string, readonly string[]>> = {};
    for (const { name, operator, values } of list) (made[operator] ??= {})[name] = values;
    return made;
  });
}
