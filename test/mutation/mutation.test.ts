import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { root } from "../support/root.ts";
import { equivalenceOf } from "./equivalence.ts";
import { type Mutant, mutantsOf } from "./mutants.ts";
import { saidOf } from "./said.ts";
import { newTrial } from "./trial.ts";

/** Of the mutants that are decided otherwise by themselves, the part that an obligation must notice. */
const AIM = 0.95;

/** Each with the reason for which no obligation need notice it, in survivors.json. */
interface Survivors {
  readonly reason: string;
  readonly mutants: readonly string[];
}

const path = "test/cases/access-map/acme.yaml";
const map = parseMap(readFileSync(join(root, path), "utf8"), path);
const deployment = generateDeployment(map);
const survivors = JSON.parse(
  readFileSync(join(root, "test/mutation/survivors.json"), "utf8"),
) as readonly Survivors[];
const excused = new Set(survivors.flatMap(({ mutants }) => mutants));

// every one where the suite is asked for, else one of so many
const every = Number(process.env["POSTERN_MUTATION_EVERY"] ?? 40);

describe(`the generated documents of ${path} with one part weaker`, () => {
  const mutants = mutantsOf(deployment).filter((_, at) => at % every === 0);
  const trial = newTrial(map, deployment);
  const unnoticed = mutants.filter((mutant) => trial(mutant) === undefined);
  const judged = unnoticed.map((mutant) => ({ mutant, ...judge(mutant) }));
  const alive = judged.filter(({ isEquivalent }) => !isEquivalent);

  it(`are ${mutants.length} by as many names`, () => {
    assert.equal(new Set(mutants.map(({ id }) => id)).size, mutants.length);
    assert.ok(mutants.length > 1500 / every);
  });

  it("do not survive without a written reason", () => {
    const left = alive.filter(({ mutant }) => !excused.has(mutant.id));
    assert.deepEqual(
      left.map(({ mutant, said }) => `${mutant.id}: ${said}`),
      [],
    );
  });

  it("are noticed, or decide as before, where no reason is written", () => {
    const ids = new Set(alive.map(({ mutant }) => mutant.id));
    const gone = mutants.filter(({ id }) => excused.has(id) && !ids.has(id));
    assert.deepEqual(
      gone.map(({ id }) => id),
      [],
    );
    const known = new Set(mutantsOf(deployment).map(({ id }) => id));
    assert.deepEqual(
      [...excused].filter((id) => !known.has(id)),
      [],
      "survivors.json names what is no mutant",
    );
  });

  it(`make an obligation fail in at least ${AIM * 100} % of those that decide otherwise`, (test) => {
    const noticed = mutants.length - unnoticed.length;
    const rate = noticed / (noticed + alive.length);
    test.diagnostic(
      `${mutants.length} mutants: ${noticed} noticed, ${unnoticed.length - alive.length} equivalent for every request looked at, ` +
        `${alive.length} survive: ${(rate * 100).toFixed(2)} %`,
    );
    // too few say nothing of all
    assert.ok(rate >= AIM || every > 1, String(rate));
  });
});

interface Judgement {
  readonly isEquivalent: boolean;
  readonly said: string;
}

function judge({ at, deployment: changed }: Mutant): Judgement {
  if (at === undefined) return { isEquivalent: false, said: "nothing noticed" };
  const equivalence = equivalenceOf(map, deployment, changed, at);
  return { isEquivalent: equivalence.kind === "equivalent", said: saidOf(equivalence) };
}
