/**
 * How fast requests are decided by documents that are parsed already, beside another implementation of the same rules.
 *
 * That one, iam-simulate, parses its documents in each call, as its public interface has no other way; so a second
 * ratio is taken in which postern does that too.
 * @module
 */
import { contextOf } from "../agent/policy/context.ts";
import { evaluate } from "../agent/policy/evaluate.ts";
import { wordOf } from "../agent/policy/expectation.ts";
import type { AccessRequest, Policies } from "../agent/policy/request.ts";
import { parseScenarios } from "../agent/policy/scenario.ts";
import { type Bench, type Contestant, inTurn, type Tell, type Verdict } from "./measure.ts";
import { CASES } from "./policy-cases.ts";

const ROUNDS = 7;
/** Times that all requests are decided in a round: long enough to time, and the other takes some ms for each. */
const OURS = 5000;
const PARSING = 100;
const THEIRS = 5;

export const bench: Bench = {
  name: "policy",
  method: `${CASES.length} requests, allowed and denied, under a bucket policy of 17 statements, a key policy and a role's`,
  run: measurePolicy,
};

interface Question {
  readonly request: AccessRequest;
  readonly policies: Policies;
  readonly expected: string;
}

async function measurePolicy(tell: Tell): Promise<readonly Verdict[]> {
  const cases: unknown = JSON.parse(JSON.stringify(CASES));
  const questions = questionsOf(cases);
  const other = await otherContestant();
  const medians = await inTurn(
    [
      { name: "postern", once: () => times(OURS, () => decideAll(questions)) },
      { name: "parsing", once: () => times(PARSING, () => decideAll(questionsOf(cases))) },
      ...(other ?? []),
    ],
    ROUNDS,
  );
  const perSecond = (name: string, amount: number): number =>
    (CASES.length * amount * 1000) / (medians.get(name) ?? Number.NaN);
  const ours = perSecond("postern", OURS);
  const parsing = perSecond("parsing", PARSING);
  tell(`${parsing.toFixed(0)} decisions a second with the documents parsed for each`);
  const rate: Verdict = { what: "decisions a second", ratio: ours, atLeast: 100_000 };
  if (other === undefined) return [rate];
  const theirs = perSecond("iam-simulate", THEIRS);
  tell(`${theirs.toFixed(0)} of iam-simulate, which parses them for each`);
  return [
    rate,
    { what: "decisions / iam-simulate's", ratio: ours / theirs },
    { what: "same, both parsing for each", ratio: parsing / theirs },
  ];
}

function questionsOf(cases: unknown): readonly Question[] {
  return parseScenarios(cases, "cases").map(({ request, context, policies }, at) => ({
    request: { ...request, context: contextOf(context) },
    policies,
    expected: CASES[at]?.expect ?? "",
  }));
}

function times(amount: number, act: () => void): void {
  for (let time = 0; time < amount; time += 1) act();
}

function decideAll(questions: readonly Question[]): void {
  for (const { request, policies, expected } of questions)
    if (wordOf(evaluate(request, policies)) !== expected)
      throw new Error(`${request.action}: expected ${expected}`);
}

/** Undefined where that package is not installed. */
async function otherContestant(): Promise<readonly Contestant[] | undefined> {
  const oracle = await import("../test/differential/oracle.ts").catch(() => undefined);
  if (oracle === undefined) return undefined;
  const once = async (): Promise<void> => {
    for (let time = 0; time < THEIRS; time += 1)
      for (const asked of CASES)
        if ((await oracle.askOracle(asked)) !== asked.expect)
          throw new Error(`${asked.action}: iam-simulate does not say ${asked.expect}`);
  };
  return [{ name: "iam-simulate", once }];
}
