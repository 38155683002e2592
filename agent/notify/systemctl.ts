/** What the system's manager says of a unit. @see systemctl(1), show @module */
import { execFile } from "node:child_process";
import { SEARCH_PATH } from "../core/search-path.ts";
import { parseUnitState, showArguments, type UnitState } from "./unit-state.ts";

/** Undefined when there is no manager, or it does not answer. */
export type ShowUnit = (unit: string, signal?: AbortSignal) => Promise<UnitState | undefined>;

// the manager answers at once, or is in trouble
const TIMEOUT_MS = 5000;

export const showUnit: ShowUnit = (unit, signal) =>
  new Promise((resolve) => {
    const env = { PATH: SEARCH_PATH, LC_ALL: "C" };
    const options = { env, timeout: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
    execFile("systemctl", [...showArguments(unit)], options, (error, stdout) => {
      resolve(error === null ? parseUnitState(stdout) : undefined);
    });
  });
