/** Rules about a document as a whole: whether AWS takes it, and what it takes it for. @module */
import { below, isRecord } from "../policy/issues.ts";
import type { LintDocument } from "./document.ts";
import { DOCUMENT_KINDS } from "./kind.ts";
import { isPrincipalPattern } from "./principals.ts";
import type { Harm, Rule } from "./rule.ts";

const VERSION =
  "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html";
export const VERSION_RULES: readonly Rule[] = [
  {
    id: "invalid-policy",
    severity: "error",
    title:
      "what is no policy: broken JSON, unknown elements and operators, values of the wrong type",
    why: "AWS refuses the document, or takes it otherwise than it reads; no request is decided by it here.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html",
    fix: "write it as the grammar has it",
    witness: false,
    judges: "text",
    find: (document) =>
      (functionIn(document.value) === undefined ? document.faults : [])
        // principal-pattern tells of it with what to do instead
        .filter(
          ({ message }) => !isPrincipalPattern(/got "(arn:[^"]*)"$/.exec(message)?.[1] ?? "*"),
        )
        .map(({ path, message }) => ({ document, path, message })),
  },
  {
    id: "template-function",
    severity: "note",
    title: "a document of a template with a function such as `Fn::Sub` or `Ref` in it",
    why: "What the document says is known when CloudFormation has filled it in, so that hardly a rule judges it here.",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html",
    fix: "judge the document as it is deployed",
    witness: false,
    judges: "text",
    find: (document) => {
      const name = functionIn(document.value);
      const message = `expected a document as it is deployed, got ${name ?? ""} in it: not judged`;
      return name === undefined ? [] : [{ document, path: "", message }];
    },
  },
  {
    id: "kind-unclear",
    severity: "note",
    title: "a document that may be of several kinds, and was not said to be of one",
    why: "The rules judge a bucket policy, a key policy and an endpoint policy otherwise.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html",
    fix: "say of which kind it is",
    witness: false,
    judges: "text",
    find: kindOf,
  },
  {
    id: "variable-in-old-version",
    severity: "error",
    title: "a policy variable in a document without `Version`, or of 2008-10-17",
    why: "In the old version, which is the default, a variable is plain text.",
    page: VERSION,
    fix: 'write `"Version": "2012-10-17"`',
    witness: false,
    judges: "document",
    kinds: DOCUMENT_KINDS,
    find: variablesOf,
  },
  {
    id: "old-version",
    severity: "note",
    title: "a document without `Version`, or of 2008-10-17",
    why: "The first variable that somebody adds would be plain text.",
    page: VERSION,
    fix: 'write `"Version": "2012-10-17"`',
    witness: false,
    judges: "document",
    kinds: DOCUMENT_KINDS,
    find: (document) =>
      isOld(document) && variablesOf(document).length === 0
        ? [
            {
              document,
              path: "Version",
              message: `expected Version "2012-10-17", got ${versionOf(document)}`,
            },
          ]
        : [],
  },
];

function kindOf(document: LintDocument): readonly Harm[] {
  const { told, alternatives, kind, faults } = document;
  if (told || alternatives.length === 0 || faults.length > 0) return [];
  const message = `expected a kind, got a document that may be of ${[kind, ...alternatives].join(" or ")}: judged as ${kind}`;
  return [{ document, path: "", message }];
}

function isOld({ policy }: LintDocument): boolean {
  return policy.version !== "2012-10-17";
}

function versionOf({ value }: LintDocument): string {
  const version = isRecord(value) ? value["Version"] : undefined;
  return version === undefined ? "none" : JSON.stringify(version);
}

function variablesOf(document: LintDocument): readonly Harm[] {
  if (!isOld(document)) return [];
  return document.statements.flatMap(({ resources, conditions, path }) => {
    const first =
      resources.find(({ text }) => hasVariable(text)) ??
      conditions
        .filter(({ condition }) => condition.values.some(hasVariable))
        .map((one) => ({ path: one.path, text: one.condition.values.find(hasVariable) ?? "" }))[0];
    if (first === undefined) return [];
    const message = `expected Version "2012-10-17" for the variable in "${first.text}", got ${versionOf(document)}`;
    return [{ document, path: first.path === "" ? below(path, "Resource") : first.path, message }];
  });
}

function hasVariable(text: string): boolean {
  return /\$\{[^}]+\}/.test(text);
}

/** The name of the first function of CloudFormation: an object of one member. */
function functionIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const [name, ...others] = Array.isArray(value) ? [] : Object.keys(value);
  if (name !== undefined && others.length === 0 && /^(?:Ref|Fn::\w+)$/.test(name)) return name;
  for (const member of Object.values(value)) {
    const found = functionIn(member);
    if (found !== undefined) return found;
  }
  return undefined;
}
