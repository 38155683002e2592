/**
 * One file made from a whole group: its names and bytes in, the file's bytes out.
 *
 * Pure but for a template's time limit. Nothing of a value is ever in an error.
 * @module
 */
import type { SecretName } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";
import { encodeDotenv } from "./dotenv.ts";
import { encodeJson } from "./json.ts";
import { encodeProperties } from "./properties.ts";
import type { Values } from "./values.ts";

/** A template comes with its text and the path that it was read from, for errors. */
export type RenderFormat =
  | { readonly kind: "dotenv" | "json" | "yaml" | "properties" }
  | { readonly kind: "template"; readonly file: string; readonly text: string };

export interface RenderRequest {
  readonly format: RenderFormat;
  /** The whole group. Read, and neither kept nor wiped. */
  readonly values: ReadonlyMap<SecretName, Buffer>;
  /** What a template may come to. */
  readonly maxBytes: number;
}

export interface Rendered {
  /** The caller wipes them. */
  readonly bytes: SecretBytes;
  /** What a person should know of the file. */
  readonly notes: readonly string[];
}

/**
 * @throws {PosternError} BadName for a secret that cannot be a variable; BadData for a value that the format
 * cannot hold or a variable that is missing; ConfigInvalid for a template that is wrong in itself; TooLarge
 */
export async function render({ format, values, maxBytes }: RenderRequest): Promise<Rendered> {
  // whatever order the values came in, the file is the same
  const sorted: Values = new Map([...values].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  switch (format.kind) {
    case "dotenv":
      return encodeDotenv(sorted);
    case "json":
      return noted(encodeJson(sorted));
    case "yaml": {
      // loaded with the config already; named here so that the encoder is only paid for where it is used
      const { encodeYaml } = await import("./yaml.ts");
      return noted(encodeYaml(sorted));
    }
    case "properties":
      return noted(encodeProperties(sorted));
    case "template": {
      const { fillTemplate } = await import("./template.ts");
      return noted(fillTemplate(format, sorted, maxBytes));
    }
    default:
      return format satisfies never;
  }
}

function noted(text: string): Rendered {
  return { bytes: new SecretBytes(Buffer.from(text)), notes: [] };
}
