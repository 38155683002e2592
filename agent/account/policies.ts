/** The texts of managed policies, each asked for once. @module */
import type { Question } from "../aws/question.ts";
import type { Region } from "../core/names.ts";
import { textAt } from "./members.ts";
import type { Notes } from "./told.ts";

export interface Policies {
  /** Takes down the default version. @returns whether its text was told */
  ask(arn: string): Promise<boolean>;
}

export function managedPolicies(region: Region, notes: Notes): Policies {
  const asked = new Map<string, Promise<boolean>>();
  return {
    ask: (arn) => {
      const answer = asked.get(arn) ?? askPolicy(arn, region, notes);
      asked.set(arn, answer);
      return answer;
    },
  };
}

async function askPolicy(arn: string, region: Region, notes: Notes): Promise<boolean> {
  const about = (operation: string, input: Question["input"]): Question => ({
    service: "iam",
    operation,
    region,
    input: { PolicyArn: arn, ...input },
    needs: { action: `iam:${operation}`, resource: arn },
  });
  // AWS's own may have the name of one of the account
  const [, , , , account = "", resource = arn] = arn.split(":");
  const folder = `policies/${account}/${resource}`;
  const policy = await notes.ask(`${folder}/get-policy`, about("GetPolicy", {}));
  const version = textAt(policy, "Policy", "DefaultVersionId");
  if (version === undefined) return false;
  const question = about("GetPolicyVersion", { VersionId: version });
  return (await notes.ask(`${folder}/get-policy-version`, question)) !== undefined;
}
