/** The statements of policy-templates, each with the requests that must pass and must fail. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fillTemplate, type Value } from "../../agent/generate/fill.ts";
import { isRecord } from "../../agent/policy/issues.ts";
import { parseJson } from "../../agent/policy/json.ts";
import { root } from "./root.ts";

type Json = Readonly<Record<string, unknown>>;

export interface TemplateRequest {
  readonly why: string;
  /** Keys of the base's context that the request lacks. */
  readonly without?: readonly string[];
  readonly context?: Json;
}

export interface TemplateCase {
  /** "reader/list" */
  readonly name: string;
  readonly template: Json;
  readonly values: Readonly<Record<string, Value>>;
  readonly base: TemplateRequest & Json;
  readonly pass: readonly TemplateRequest[];
  readonly fail: readonly TemplateRequest[];
}

const folder = join(root, "policy-templates");

export function templateFiles(): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json"))
    .toSorted();
}

export function templateCases(): readonly TemplateCase[] {
  return templateFiles()
    .filter((path) => !path.endsWith(".requests.json"))
    .map((path) => {
      const name = path.replace(/\.json$/, "");
      const requests = readJson(`${name}.requests.json`) as unknown as Omit<
        TemplateCase,
        "name" | "template"
      >;
      return { ...requests, name, template: readJson(path) };
    });
}

function readJson(path: string): Json {
  // refuses names that are given twice
  return parseJson(readFileSync(join(folder, path), "utf8"), path) as Json;
}

/** A placeholder that has no value is null there. */
export function filled({ name, template, values }: TemplateCase): Json {
  const given = Object.entries(values).map(([key, value]) => [key, value ?? undefined]);
  return fillTemplate(template, Object.fromEntries(given) as TemplateCase["values"], name);
}

const EVERYTHING = { Sid: "Everything", Effect: "Allow", Action: "*", Resource: "*" };

/**
 * A scenario in which all is open but what the template says: what it denies is denied by it, and what it allows nothing
 * else allows.
 */
export function scenarioOf(one: TemplateCase, request: TemplateRequest): Json {
  const statement = filled(one);
  const { why, without = [], context, ...own } = request;
  const keys = Object.entries({ ...one.base.context, ...context });
  const scenario = {
    ...one.base,
    ...own,
    name: why,
    context: Object.fromEntries(keys.filter(([key]) => !without.includes(key))),
    synthesize: true,
  };
  return { ...scenario, policies: policiesFor(one.name, statement, scenario) };
}

function policiesFor(name: string, statement: Json, scenario: Json): Json {
  const document = (...statements: readonly Json[]): Json => ({
    Version: "2012-10-17",
    Statement: statements,
  });
  const { principal } = scenario;
  const isIam = isRecord(principal) && /:(role|user)\//.test(String(principal["arn"]));
  const identity = isIam ? { identity: [document(EVERYTHING)] } : {};
  const open = { ...EVERYTHING, Principal: "*" };
  switch (String(name.split("/")[0])) {
    case "bucket-policy":
    case "key-policy":
      return {
        ...identity,
        resource: statement["Effect"] === "Deny" ? document(open, statement) : document(statement),
      };
    case "trust":
      return { ...identity, resource: statement };
    case "endpoint":
      return { ...identity, resource: document(open), endpoint: document(statement) };
    case "host-guards":
      return { identity: [document(EVERYTHING, statement)] };
    default:
      return { identity: [document(statement)], ...delegated(scenario, document) };
  }
}

/** Keys must let their account decide. */
function delegated(scenario: Json, document: (...statements: readonly Json[]) => Json): Json {
  if (!String(scenario["action"]).startsWith("kms:")) return {};
  const root = { ...EVERYTHING, Principal: { AWS: "arn:aws:iam::111122223333:root" } };
  return { resource: document(root) };
}
