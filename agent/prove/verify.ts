/**
 * Checks a certificate against documents by another way than that by which it was made: the documents must be those
 * that it names, and the evaluator must decide each of its requests as it says.
 * @module
 */
import { contextOf } from "../policy/context.ts";
import type { Deployment } from "../policy/deployment.ts";
import { evaluate } from "../policy/evaluate.ts";
import { parseArn } from "../policy/glob.ts";
import type { Certificate, CertifiedRequest } from "./certificate.ts";
import { fingerprintsOf, sha256Of } from "./fingerprints.ts";
import { type Layers, layersOf } from "./layers.ts";

export interface Verification {
  /** What does not hold, each a sentence; lower case, no full stop. */
  readonly faults: readonly string[];
  readonly documents: number;
  readonly requests: number;
}

/** @param text of the map, where it is at hand */
export function verifyCertificate(
  certificate: Certificate,
  deployment: Deployment,
  text: string | undefined,
): Verification {
  const layers = layersOf(deployment);
  const isOtherMap = text !== undefined && sha256Of(text) !== certificate.map.sha256;
  return {
    faults: [
      ...(certificate.holds ? [] : ["the certificate itself says that not all holds"]),
      ...(isOtherMap ? [`${certificate.map.file}: the map is another than the one proved`] : []),
      ...documentFaults(certificate, deployment),
      ...certificate.requests.flatMap((one) => requestFaults(one, layers)),
    ],
    documents: certificate.documents.length,
    requests: certificate.requests.length,
  };
}

function documentFaults({ documents }: Certificate, deployment: Deployment): readonly string[] {
  const found = new Map(
    fingerprintsOf(deployment).map(({ document, sha256 }) => [document, sha256]),
  );
  const proved = new Map(documents.map(({ document, sha256 }) => [document, sha256]));
  return [
    ...[...proved].flatMap(([document, sha256]) => {
      const other = found.get(document);
      if (other === undefined) return [`${document}: proved, and not there`];
      return other === sha256 ? [] : [`${document}: another than the one proved`];
    }),
    ...[...found.keys()]
      .filter((document) => !proved.has(document))
      .map((document) => `${document}: there, and not proved`),
  ];
}

function requestFaults(certified: CertifiedRequest, { policiesFor }: Layers): readonly string[] {
  const { id, layer, own, expected, steps } = certified;
  const decisions = steps.map(({ caller, action, resource, account, context, endpoint }) => {
    const asked = { caller, action, resource: parseArn(resource), resourceAccount: account };
    const actor = { name: id, caller, own };
    const policies = policiesFor(layer, actor, { resource: asked.resource, endpoint });
    return evaluate({ ...asked, context: contextOf(context) }, policies).decision;
  });
  const decision = decisions.every((one) => one === "allow") ? "allow" : "deny";
  return decision === expected ? [] : [`${id}: its request is decided as ${decision}`];
}
