/** Where a path such as `Statement[2].Condition.Bool["aws:SecureTransport"]` stands in the text of a document. @module */
import { isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument } from "yaml";

/** Both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Looks paths up in one text: undefined where it is no JSON; what does not exist is where it would stand. */
export function placesIn(text: string): (path: string) => Position | undefined {
  const lines = new LineCounter();
  // all JSON is YAML, and this parser keeps positions
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: "silent",
  });
  const top = document.errors.length > 0 ? null : document.contents;
  return (path) => {
    if (top === null) return undefined;
    const { line, col } = lines.linePos(offsetOf(top, segmentsOf(path)));
    return { line, column: col };
  };
}

function offsetOf(top: ParsedNode, segments: readonly (string | number)[]): number {
  let node: unknown = top;
  let offset = top.range[0];
  for (const segment of segments) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === segment);
      if (pair === undefined) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof segment === "number") {
      node = node.items[segment];
      if (node === undefined) return offset;
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined;
}

/** The opposite of `below` in agent/policy/issues.ts. */
function segmentsOf(path: string): readonly (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g)].map(
    ([, index, quoted, name = ""]) => {
      if (index !== undefined) return Number(index);
      return quoted === undefined ? name : String(JSON.parse(quoted));
    },
  );
}
