/** All commands, in the order in which the help shows them. @module */
import { cat } from "./cat.ts";
import type { Command } from "./command.ts";
import { completionOf } from "./completion.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { exec } from "./exec.ts";
import { fetch } from "./fetch.ts";
import { get } from "./get.ts";
import { path } from "./path.ts";
import { plan } from "./plan.ts";
import { policyDiff } from "./policy-diff.ts";
import { policyAdopt } from "./policy-adopt.ts";
import { policyDrift } from "./policy-drift.ts";
import { policyExplain } from "./policy-explain.ts";
import { policyGenerate } from "./policy-generate.ts";
import { policyMatrix } from "./policy-matrix.ts";
import { policyProve } from "./policy-prove.ts";
import { policyLint } from "./policy-lint.ts";
import { policySimulate } from "./policy-simulate.ts";
import { policyVerify } from "./policy-verify.ts";
import { refresh } from "./refresh.ts";
import { rollback } from "./rollback.ts";
import { copy } from "./copy.ts";
import { diff } from "./diff.ts";
import { exportSealed } from "./export.ts";
import { history } from "./history.ts";
import { importSealed } from "./import.ts";
import { list } from "./list.ts";
import { publish } from "./publish.ts";
import { put } from "./put.ts";
import { remove } from "./remove.ts";
import { reseal } from "./reseal.ts";
import { restore } from "./restore.ts";
import { run } from "./run.ts";
import { sandbox } from "./sandbox.ts";
import { status } from "./status.ts";

const own: readonly Command[] = [
  fetch,
  run,
  refresh,
  rollback,
  plan,
  doctor,
  status,
  get,
  path,
  exec,
  cat,
  put,
  remove,
  list,
  publish,
  diff,
  history,
  restore,
  copy,
  reseal,
  exportSealed,
  importSealed,
  policyGenerate,
  policyProve,
  policyVerify,
  policyExplain,
  policyDiff,
  policyMatrix,
  policyDrift,
  policyAdopt,
  policyLint,
  policySimulate,
  sandbox,
  demo,
];

export const commands: readonly Command[] = [...own, completionOf(own)];
