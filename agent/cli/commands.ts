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
import { refresh } from "./refresh.ts";
import { rollback } from "./rollback.ts";
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
  sandbox,
  demo,
];

export const commands: readonly Command[] = [...own, completionOf(own)];
