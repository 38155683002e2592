/** Every rule, family by family; no id stands for two. @module */
import { ACTION_RULES } from "./actions.ts";
import { CARRYING_RULES } from "./carrying.ts";
import { CONDITION_RULES } from "./conditions.ts";
import { ENCRYPTION_RULES } from "./encryption.ts";
import { ENDPOINT_RULES } from "./endpoints.ts";
import { GUARD_RULES } from "./guards.ts";
import { KMS_RULES } from "./kms.ts";
import { LIST_BUCKET_RULES } from "./list-bucket.ts";
import { LOCKOUT_RULES } from "./lockout.ts";
import { MATCHING_RULES } from "./matching.ts";
import { NETWORK_RULES } from "./network.ts";
import { PREFIX_RULES } from "./prefixes.ts";
import { PRESENCE_RULES } from "./presence.ts";
import { PRINCIPAL_RULES } from "./principals.ts";
import { RESOURCE_RULES } from "./resources.ts";
import { ADMINISTRATOR_RULES } from "./map-administrators.ts";
import { DUTY_RULES } from "./map-duties.ts";
import { MAP_ENCRYPTION_RULES } from "./map-encryption.ts";
import { LEFTOVER_RULES } from "./map-leftovers.ts";
import { MANAGED_POLICY_RULES } from "./map-managed.ts";
import { MAP_NETWORK_RULES } from "./map-network.ts";
import { MAP_PRINCIPAL_RULES } from "./map-principals.ts";
import type { Rule } from "./rule.ts";
import { SETTING_RULES } from "./settings.ts";
import { SESSION_RULES } from "./sessions.ts";
import { SIZE_RULES } from "./size.ts";
import { STATEMENT_RULES } from "./statements.ts";
import { STRANGER_RULES } from "./strangers.ts";
import { TRUST_RULES } from "./trust.ts";
import { VERSION_RULES } from "./versions.ts";

export const RULES: readonly Rule[] = [
  ...PREFIX_RULES,
  ...RESOURCE_RULES,
  ...LIST_BUCKET_RULES,
  ...ACTION_RULES,
  ...GUARD_RULES,
  ...PRINCIPAL_RULES,
  ...STRANGER_RULES,
  ...KMS_RULES,
  ...ENCRYPTION_RULES,
  ...CONDITION_RULES,
  ...PRESENCE_RULES,
  ...CARRYING_RULES,
  ...NETWORK_RULES,
  ...LOCKOUT_RULES,
  ...SESSION_RULES,
  ...VERSION_RULES,
  ...ENDPOINT_RULES,
  ...MATCHING_RULES,
  ...STATEMENT_RULES,
  ...SIZE_RULES,
  ...TRUST_RULES,
  ...SETTING_RULES,
  ...DUTY_RULES,
  ...ADMINISTRATOR_RULES,
  ...MAP_PRINCIPAL_RULES,
  ...MANAGED_POLICY_RULES,
  ...MAP_NETWORK_RULES,
  ...MAP_ENCRYPTION_RULES,
  ...LEFTOVER_RULES,
];
