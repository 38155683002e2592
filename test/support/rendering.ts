import { parseSecretName, type SecretName } from "../../agent/core/names.ts";
import { render, type RenderFormat } from "../../agent/render/render.ts";

export type Group = Readonly<Record<string, string | Buffer>>;

export function valuesOf(group: Group): ReadonlyMap<SecretName, Buffer> {
  return new Map(
    Object.entries(group).map(([name, value]) => [parseSecretName(name), Buffer.from(value)]),
  );
}

/** The file that a format makes of a group. */
export async function rendered(
  format: RenderFormat | "dotenv" | "json" | "yaml" | "properties",
  group: Group,
  maxBytes = 1_000_000,
): Promise<Buffer> {
  const kind = typeof format === "string" ? { kind: format } : format;
  const { bytes } = await render({ format: kind, values: valuesOf(group), maxBytes });
  return bytes.expose();
}

/** As `rendered`, from a template at /t.liquid. */
export async function filled(text: string, group: Group, maxBytes?: number): Promise<string> {
  const format = { kind: "template", file: "/t.liquid", text } as const;
  return (await rendered(format, group, maxBytes)).toString();
}
