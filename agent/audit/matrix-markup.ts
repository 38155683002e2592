/** HTML in which every text that is put in is escaped, unless it is HTML itself. @module */

export interface Html {
  readonly text: string;
}

/**
 * A template whose values are escaped, in elements as in quoted attributes. Its indentation is left out: a page of
 * thousands of cells would be half of spaces.
 */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | Html)[]
): Html {
  return {
    text: parts
      .map((part, at) => part.replaceAll(/\n\s+/g, "\n") + encoded(values[at] ?? ""))
      .join(""),
  };
}

/** Text of our own, for style and script, in which nothing is escaped. */
export function raw(text: string): Html {
  return { text };
}

export function joined(pieces: readonly Html[]): Html {
  return { text: pieces.map(({ text }) => text).join("") };
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function encoded(value: string | number | Html): string {
  if (typeof value === "object") return value.text;
  return String(value).replaceAll(/[&<>"']/g, (found) => ESCAPES[found] ?? "");
}
