/**
 * Resources that the documents take alike: what was found of one is true of the others.
 *
 * Of a request that differs by its resource alone, the documents are about the resource or not; two resources that the
 * same statements are about are decided the same in every context.
 * @module
 */
import type { Policy, Statement } from "../policy/document.ts";
import type { Arn } from "../policy/glob.ts";
import { matchesResource } from "../policy/match.ts";
import type { Policies } from "../policy/request.ts";
import { isAboutAction } from "./statement-index.ts";

/** Equal for resources that the same statements are about: those of the policies that are about the action at all. */
export type Signature = (resource: Arn) => string | number;

export interface Alike {
  readonly signatureOf: (policies: Policies, action: string) => Signature;
  /** Of resources with the same signature the first, by signature. */
  readonly apart: (
    signatureOf: Signature,
    resources: readonly Arn[],
  ) => ReadonlyMap<string | number, Standing>;
}

/** One that stands for all like it. */
interface Standing {
  /** Its ARN. */
  readonly text: string;
  /** For how many. */
  readonly stands: number;
}

/** Remembers what each policy says of each resource. */
export function newAlike(): Alike {
  const known = new Map<Signature, Map<readonly Arn[], ReadonlyMap<string | number, Standing>>>();
  return {
    signatureOf: newSignatures(),
    apart: (signatureOf, resources) => {
      let byList = known.get(signatureOf);
      if (byList === undefined) known.set(signatureOf, (byList = new Map()));
      const found = byList.get(resources) ?? firstOfEach(signatureOf, resources);
      byList.set(resources, found);
      return found;
    },
  };
}

function firstOfEach(
  signatureOf: Signature,
  resources: readonly Arn[],
): ReadonlyMap<string | number, Standing> {
  const first = new Map<string | number, Standing>();
  const [any] = resources;
  if (signatureOf === SAME && any !== undefined)
    return first.set("", { text: any.text, stands: resources.length });
  for (const resource of resources) {
    const signature = signatureOf(resource);
    const { text, stands } = first.get(signature) ?? { text: resource.text, stands: 0 };
    first.set(signature, { text, stands: stands + 1 });
  }
  return first;
}

const SAME: Signature = () => "";

function newSignatures(): Alike["signatureOf"] {
  const known = new Map<Policy, Map<string, Signature | undefined>>();
  const signatureIn = (policy: Policy, action: string): Signature | undefined => {
    let byAction = known.get(policy);
    if (byAction === undefined) known.set(policy, (byAction = new Map()));
    if (!byAction.has(action)) byAction.set(action, signatureBy(policy, action.toLowerCase()));
    return byAction.get(action);
  };
  return (policies, action) => {
    const { identity, resource, session, boundary, scp, rcp, endpoint } = policies;
    const all = [...identity, resource, session, boundary, ...scp.flat(), ...rcp.flat(), endpoint];
    const telling = all.flatMap(
      (policy) => (policy === undefined ? undefined : signatureIn(policy, action)) ?? [],
    );
    const [only, ...more] = telling;
    if (only === undefined) return SAME;
    if (more.length === 0) return only;
    return (text) => telling.map((one) => one(text)).join("|");
  };
}

/** Undefined for a policy that takes all resources alike. */
function signatureBy({ statements }: Policy, lowerAction: string): Signature | undefined {
  const telling = statements.filter(
    (one) => isAboutAction(one, lowerAction) && !isAboutEverything(one),
  );
  if (telling.length === 0) return undefined;
  const known = new Map<string, number>();
  // numbers for long texts, which are looked up often
  const numbers = new Map<string, number>();
  return (resource) => {
    let found = known.get(resource.text);
    if (found === undefined) {
      const aspects = telling.map((one) => aspectOf(one, resource)).join();
      found = numbers.get(aspects) ?? numbers.size;
      numbers.set(aspects, found);
      known.set(resource.text, found);
    }
    return found;
  };
}

function isAboutEverything({ resources }: Statement): boolean {
  return (
    resources === undefined ||
    (!resources.negated && resources.patterns.some(({ kind }) => kind === "any"))
  );
}

/** What the statement takes the resource for. */
function aspectOf({ resources }: Statement, resource: Arn): string {
  if (resources === undefined) return "1";
  // what it is about depends on the request: then no two resources are alike
  if (resources.patterns.some((one) => one.kind === "variable")) return resource.text;
  const isAbout = resources.patterns.some((one) => matchesResource(one, resource, NOTHING));
  return isAbout === resources.negated ? "0" : "1";
}

const NOTHING: ReadonlyMap<string, readonly string[]> = new Map();
