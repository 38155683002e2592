/** What can go wrong for a day, and where it leaves each group. @module */
import type { GroupState } from "../../agent/core/group-state.ts";
import { MINUTE, refusal, type Simulation, type World } from "../support/simulation.ts";

export interface Fault {
  readonly name: string;
  begin(simulation: Simulation): void;
  end(simulation: Simulation): void;
  /** After a day of it; a group that is not named is fresh. */
  readonly states: Readonly<Record<string, GroupState>>;
}

const ALL_EXPIRED = { web: "expired", db: "expired", tls: "expired" } as const;
const BAD_KEY = "web/../escape";

/** Something wrong with the world that says itself what it is. */
function worldFault(
  name: string,
  wrong: Partial<World>,
  states: Fault["states"],
  well: Partial<World>,
): Fault {
  return {
    name,
    begin: ({ world }) => Object.assign(world, wrong),
    end: ({ world }) => Object.assign(world, well),
    states,
  };
}

export const FAULTS: readonly Fault[] = [
  worldFault("S3 down", { s3: refusal(503) }, ALL_EXPIRED, { s3: undefined }),
  // a new value has to be opened: what is on the disk needs no key
  withNewValue(
    worldFault(
      "KMS throttled",
      { kms: refusal(400, "ThrottlingException") },
      { db: "expired" },
      { kms: undefined },
    ),
  ),
  withNewValue(
    worldFault(
      "the KMS key disabled",
      { kms: refusal(400, "DisabledException") },
      { db: "denied" },
      { kms: undefined },
    ),
  ),
  worldFault("IMDS down", { imdsDown: true }, ALL_EXPIRED, { imdsDown: false }),
  worldFault("credentials expired", { credentialsExpired: true }, ALL_EXPIRED, {
    credentialsExpired: false,
  }),
  worldFault("the clock off by 20 minutes", { clockOffMs: 20 * MINUTE }, ALL_EXPIRED, {
    clockOffMs: 0,
  }),
  {
    name: "a full disk",
    begin: ({ world, objects }) => {
      world.diskFull = true;
      objects.put("web/a", "new");
    },
    end: ({ world }) => {
      world.diskFull = false;
    },
    // a state that cannot be written down is seen as old as it is
    states: ALL_EXPIRED,
  },
  {
    name: "a poisoned object",
    begin: ({ objects }) => objects.put(BAD_KEY, "x"),
    end: ({ objects }) => objects.objects.delete(BAD_KEY),
    states: { web: "rejected" },
  },
  {
    name: "a reload that always fails",
    begin: ({ world, objects }) => {
      world.reloadFails = true;
      objects.put("web/a", "new");
    },
    end: ({ world }) => {
      world.reloadFails = false;
    },
    states: {},
  },
];

function withNewValue(fault: Fault): Fault {
  return {
    ...fault,
    begin: (simulation) => {
      fault.begin(simulation);
      simulation.objects.put("db/pw", "sealed anew");
    },
  };
}
