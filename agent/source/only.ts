/** A group that is a fixed list of keys: one conditional GET each, and no right to list needed. @module */
import type { SecretName } from "../core/names.ts";
import type { PrefixRequest } from "./prefix.ts";

export interface OnlyRequest extends Omit<PrefixRequest, "onBadName" | "allowEmpty" | "rootBytes"> {
  /** Every one of them must exist. */
  readonly names: readonly SecretName[];
}
