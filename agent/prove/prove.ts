/**
 * Proves that the documents of a deployment do what an access map says, no more and no less: by the obligations of the
 * map, each asked of what the documents tell apart.
 * @module
 */
import type { AccessMap } from "../map/access-map.ts";
import type { Deployment } from "../policy/deployment.ts";
import { assumptionsOf } from "./assumptions.ts";
import { hostileVerdicts, type HostileVerdict } from "./hostile.ts";
import { keySpacesOf } from "./key-spaces.ts";
import { layersOf } from "./layers.ts";
import { namedIn } from "./named.ts";
import { obligationsOf } from "./obligations.ts";
import { newProving, proveObligation, type Result } from "./proving.ts";
import { settingFaults, type SettingFault } from "./settings.ts";
import { knownArns, sessionsOf, strangersOf } from "./strangers.ts";

export interface ProofReport {
  readonly results: readonly Result[];
  readonly settings: readonly SettingFault[];
  readonly hostile: readonly HostileVerdict[];
  readonly assumptions: readonly string[];
  /** What tells keys or callers apart and was not followed to its end. */
  readonly gaps: readonly string[];
  /** How often the evaluator decided. */
  readonly decisions: number;
}

/** @throws {PosternError} BadData when a document is none */
export function proveMap(map: AccessMap, deployment: Deployment): ProofReport {
  const layers = layersOf(deployment);
  const spaces = keySpacesOf(map, deployment);
  const named = namedIn(deployment);
  const strangers = strangersOf(map, named.onResources, knownArns(map));
  const obligations = obligationsOf(map, named, strangers, layers.hasDocuments);
  let decisions = 0;
  const count = (amount: number): void => {
    decisions += amount;
  };
  const proving = newProving(layers, spaces, count);
  const results = obligations.map((one) => proveObligation(one, proving));
  return {
    results,
    settings: settingFaults(map, deployment),
    hostile: hostileVerdicts(map, strangers, proving),
    assumptions: assumptionsOf(map),
    gaps: [
      ...spaces.gaps,
      ...sessionsOf(map, named.onResources).map((arn) => `what the session ${arn} alone is given`),
    ],
    decisions,
  };
}
