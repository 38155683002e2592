/** Keys under short names, and which key of another region stands for which. @module */
import { didYouMean } from "../config/issue.ts";
import { type KmsKeyArn, parseKmsKeyArn, quote } from "../core/names.ts";
import type { KeyOf, MapPath } from "./complete.ts";
import type { Report } from "./judge-settings.ts";

export interface KeyNames {
  readonly resolve: KeyOf;
}

type Pairs = readonly (readonly [name: string, arn: string])[];

/** What cannot be resolved is reported. */
export function keyNames(pairs: Pairs, report: Report): KeyNames {
  const named = new Map<string, KmsKeyArn>();
  for (const [name, arn] of pairs) {
    if (!arn.startsWith("arn:")) report(["keys", name], `expected a key ARN, got ${quote(arn)}`);
    else if (name.startsWith("arn:"))
      report(["keys", name], `expected a short name, got ${quote(name)}`, "key");
    else named.set(name, parseKmsKeyArn(arn));
  }
  return {
    resolve: (reference, path) => {
      if (reference.startsWith("arn:")) return parseKmsKeyArn(reference);
      const arn = named.get(reference);
      if (arn === undefined && !pairs.some(([name]) => name === reference)) {
        const near = didYouMean(reference, [...named.keys()]);
        report(path, `expected a key ARN or a name of keys, got ${quote(reference)}${near}`);
      }
      return arn;
    },
  };
}

/** For each of home's keys that of the replica. */
export function replicaKeys(
  pairs: Pairs,
  home: KeyNames,
  path: MapPath,
  report: Report,
): ReadonlyMap<KmsKeyArn, KmsKeyArn> {
  return new Map(
    pairs.flatMap(([reference, arn]): readonly (readonly [KmsKeyArn, KmsKeyArn])[] => {
      const from = home.resolve(reference, [...path, reference]);
      if (arn.startsWith("arn:")) return from === undefined ? [] : [[from, parseKmsKeyArn(arn)]];
      report([...path, reference], `expected a key ARN, got ${quote(arn)}`);
      return [];
    }),
  );
}
