/**
 * A LiquidJS template that sees one group and nothing else.
 *
 * `{{ db_password }}` for names that are plain words, `{{ secret["tls/site.key"] }}` for all. No tag that reads
 * a file, no filter but those of `filters.ts`, no date. What is missing is an error, wherever it stands: there
 * is no `default`, which would turn a typing error into a wrong configuration.
 *
 * LiquidJS quotes in its messages what a variable was looked up by, which may be a value
 * (`{{ secret[db_password] }}`): here the template's own text is quoted, and no message of LiquidJS's once
 * values are in play.
 * @see https://liquidjs.com
 * @module
 */
import {
  type Emitter,
  Context,
  Liquid,
  LiquidError,
  toValueSync,
  UndefinedVariableError,
} from "liquidjs";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { decodeText, type Values } from "./values.ts";
import { FILTERS, OddBytes, textOf } from "./filters.ts";

export interface Template {
  /** For errors. */
  readonly file: string;
  readonly text: string;
}

// more than a config needs; a loop over ten thousand secrets takes some tens of milliseconds
const RENDER_MS = 2000;
// LiquidJS counts array entries and characters; a value may pass through some filters on its way
const MEMORY_PER_BYTE = 8;
const MIN_MEMORY = 1_000_000;

const TAGS: ReadonlySet<string> = new Set([
  "#",
  "assign",
  "break",
  "capture",
  "case",
  "comment",
  "continue",
  "echo",
  "for",
  "if",
  "liquid",
  "raw",
  "unless",
]);

/**
 * The text that `template` makes of the group.
 * @param maxBytes of the text, in UTF-8
 * @throws {PosternError} ConfigInvalid for a template that cannot be read, or does not end in time; BadData for
 * a variable that is missing or a value that is not text; TooLarge. All name `file:line:column`.
 */
export function fillTemplate(template: Template, values: Values, maxBytes: number): string {
  const liquid = createEngine();
  const parsed = located(template, "parse", () => liquid.parse(template.text));
  const limits = {
    sync: true,
    renderLimit: RENDER_MS,
    memoryLimit: Math.max(MIN_MEMORY, MEMORY_PER_BYTE * maxBytes),
  };
  const output = createOutput(maxBytes);
  located(template, "render", () => {
    const context = new Context(scopeOf(values), liquid.options, limits);
    toValueSync(liquid.renderer.renderTemplates(parsed, context, output));
  });
  return output.buffer;
}

function createEngine(): Liquid {
  const liquid = new Liquid({
    strictFilters: true,
    strictVariables: true,
    ownPropertyOnly: true,
    // LiquidJS answers `size` for every object, also for the one in which a variable is looked up last
    globals: { size: undefined },
  });
  for (const name of Object.keys(liquid.tags)) if (!TAGS.has(name)) delete liquid.tags[name];
  for (const name of Object.keys(liquid.filters)) liquid.unregisterFilter(name);
  for (const [name, filter] of Object.entries(FILTERS)) liquid.registerFilter(name, filter);
  return liquid;
}

/** Without a prototype, so that nothing is found in it but the group. */
function scopeOf(values: Values): object {
  const secret: Record<string, unknown> = { __proto__: null };
  for (const [name, bytes] of values) secret[name] = decodeText(bytes) ?? new OddBytes(name, bytes);
  if (!("size" in secret)) Object.defineProperty(secret, "size", { value: undefined });
  return { __proto__: null, ...secret, secret };
}

function createOutput(maxBytes: number): Emitter {
  let bytes = 0;
  const output: Emitter = {
    buffer: "",
    write: (piece: unknown) => {
      const text = textOf(piece);
      bytes += Buffer.byteLength(text);
      if (bytes > maxBytes)
        throw new PosternError("TooLarge", `expected at most ${maxBytes} bytes of output`, {
          hint: "raise max_group_size, or make the template shorter",
        });
      output.buffer += text;
    },
  };
  return output;
}

/** What `use` returns; whatever it throws becomes a PosternError that names the place in the template. */
function located<Result>(template: Template, step: "parse" | "render", use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    if (!LiquidError.is(error)) throw error;
    const [line, column] = error.token.getPosition();
    const fault = step === "parse" ? parseFault(error) : renderFault(error);
    const place = `${template.file}:${line}:${column}`;
    throw new PosternError(fault.code, `${place}: ${fault.message}`, {
      cause: error,
      ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    });
  }
}

/** Values are not in play yet: whatever the message quotes is the template's. */
function parseFault(error: LiquidError): PosternError {
  const inner: unknown = error.originalError;
  const said = inner instanceof Error ? inner.message : error.message;
  const [first = ""] = said.replace(/(, (file|line|col):[^,]*)+$/, "").split("\n", 1);
  return new PosternError("ConfigInvalid", `expected a Liquid template, got: ${quote(first)}`, {
    hint: "docs/configuration.md lists the tags and filters that there are",
  });
}

function renderFault(error: LiquidError): PosternError {
  const inner: unknown = error.originalError;
  if (inner instanceof PosternError) return inner;
  if (LiquidError.is(inner)) return renderFault(inner);
  if (error instanceof UndefinedVariableError) {
    const text = quote(error.token.getText());
    return new PosternError("BadData", `expected a variable of the group, got ${text}`, {
      hint: 'publish it, or correct the template: names other than words are secret["NAME"]',
    });
  }
  // of LiquidJS's own words none is needed: only its limits are counted on
  const limited = inner instanceof Error && inner.message.endsWith(" limit exceeded");
  return limited
    ? new PosternError("ConfigInvalid", `expected it to end within ${RENDER_MS} ms and its memory`)
    : new PosternError("ConfigInvalid", "it cannot be rendered with these values");
}
