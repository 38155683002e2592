/** A denied request as it may have been, decided again by the documents. @module */
import type { Bindings } from "../policy/bindings.ts";
import { contextOf } from "../policy/context.ts";
import { evaluate } from "../policy/evaluate.ts";
import { parseArn } from "../policy/glob.ts";
import type { AccessRequest } from "../policy/request.ts";
import type { Layer, Verdict } from "../policy/verdict.ts";
import type { Step } from "./asks.ts";
import type { Denial } from "./denial.ts";
import { type ExplainedStep, explainStep } from "./explain.ts";

export interface DecidedAgain {
  readonly explained: ExplainedStep;
  /** Whether the documents deny it where AWS said that it was denied; undefined where AWS did not say. */
  readonly agrees: boolean | undefined;
}

/** @param everyday the request of that kind as it should be, into which goes what AWS told */
export function decideAgain(everyday: Step, denial: Denial, bindings: Bindings): DecidedAgain {
  const step = withTold(everyday, denial);
  const policies = bindings(step.request);
  const verdict = evaluate(step.request, policies);
  return { explained: explainStep(step, verdict, policies), agrees: agreement(verdict, denial) };
}

const PAIR = "kms:encryptioncontext:";

/** S3 and the principal may both ask for the same: then the one whose encryption context or key was told. */
export function stepOf(
  steps: readonly Step[],
  { action, resource, context }: Denial,
): Step | undefined {
  const pairs = [...contextOf(context).keys()].filter((key) => key.startsWith(PAIR));
  const fit = ({ request }: Step): number =>
    2 * pairs.filter((key) => request.context.has(key)).length +
    (request.resource?.text === resource ? 1 : 0);
  return steps
    .filter(({ request }) => request.action === action)
    .toSorted((one, other) => fit(other) - fit(one))[0];
}

function withTold(step: Step, { caller, resource, context }: Denial): Step {
  const told = contextOf(context);
  const merged = new Map([...step.request.context, ...told]);
  // an encryption context is told whole or not at all
  if (told.has(`${PAIR.slice(0, -1)}keys`))
    for (const key of step.request.context.keys())
      if (key.startsWith(PAIR) && !told.has(key)) merged.delete(key);
  // what came from an address came through no endpoint, and the other way
  if (told.has("aws:sourceip"))
    for (const key of ["aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip"])
      if (!told.has(key)) merged.delete(key);
  if (told.has("aws:sourcevpce")) merged.delete("aws:sourceip");
  const own = step.request.caller;
  const sessionOf = caller.kind === "role" && own.kind === "role" ? caller.session : undefined;
  const request: AccessRequest = {
    ...step.request,
    caller: own.kind === "role" ? { ...own, session: sessionOf ?? own.session } : own,
    resource: (resource === undefined ? undefined : parseArn(resource)) ?? step.request.resource,
    context: merged,
  };
  return { by: step.by, request };
}

function agreement(verdict: Verdict, { told }: Denial): boolean | undefined {
  if (told === undefined) return undefined;
  return (
    verdict.decision === "deny" &&
    verdict.explicit === told.explicit &&
    layerSaid(verdict.layer) === layerSaid(told.layer)
  );
}

/** AWS's messages know no grants and no rules of the service's own. */
function layerSaid(layer: Layer): Layer {
  return layer === "grant" ? "resource" : layer;
}
