/** A difference between two versions of a document, in one line. @module */
import type { Equivalence } from "./equivalence.ts";

export function saidOf(equivalence: Equivalence): string {
  switch (equivalence.kind) {
    case "equivalent":
      return `equivalent for every request looked at, of ${equivalence.classes} classes`;
    case "sampled":
      return `not told for certain: ${equivalence.reason}`;
    case "differs": {
      const { caller, action, resource, context } = equivalence.request;
      const who = "arn" in caller ? caller.arn : "name" in caller ? caller.name : caller.kind;
      const keys = [...context].map(([key, values]) => `${key}=${values.join("+")}`).join(" ");
      return `${equivalence.was} before: ${who} ${action} ${resource?.text ?? ""} with ${keys}`;
    }
    default:
      return equivalence satisfies never;
  }
}
