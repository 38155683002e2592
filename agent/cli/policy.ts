/** `postern policy`: what its commands have in common. @module */
import type { Family } from "./command.ts";

export const policy: Family = {
  name: "policy",
  audience: "security teams",
  summary: "what IAM policies allow, decided without AWS",
  description: [
    "Decides by plain policy documents, as AWS would and without asking it, what a bucket policy, a key policy and the policies of roles do together.",
  ],
};
