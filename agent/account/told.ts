/** What AWS told, and what it would not tell. @module */
import type { Ask, Permission, Question } from "../aws/question.ts";

/** An answer as a folder of exports would hold it. */
export interface ToldFile {
  /** Relative, with "/" between its parts. */
  readonly path: string;
  readonly text: string;
}

export interface Told {
  readonly files: readonly ToldFile[];
  /** What was denied, each once, in the order of its ARNs. */
  readonly denied: readonly Permission[];
}

/** Takes down answers as they come. */
export interface Notes {
  /** Asks, and takes down what was told or is not there: undefined for the latter, and for what is denied. */
  readonly ask: (file: string, question: Question) => Promise<object | undefined>;
  /** The same, but the answer is the caller's to take down. */
  readonly look: (question: Question) => Promise<object | undefined>;
  /** @param file without ".json" */
  readonly keep: (file: string, value: object) => void;
  readonly told: () => Told;
}

export function createNotes(ask: Ask): Notes {
  const files = new Map<string, string>();
  const denied = new Map<string, Permission>();
  const keep = (file: string, value: object): void => {
    files.set(`${file}.json`, JSON.stringify(value));
  };
  const answerTo = async (question: Question): ReturnType<Ask> => {
    const answer = await ask(question);
    const { action, resource } = question.needs;
    if (answer.kind === "denied") denied.set(`${resource} ${action}`, question.needs);
    return answer;
  };
  return {
    keep,
    look: async (question) => {
      const answer = await answerTo(question);
      return answer.kind === "told" ? answer.value : undefined;
    },
    ask: async (file, question) => {
      const answer = await answerTo(question);
      if (answer.kind === "denied") return undefined;
      if (answer.kind === "absent") {
        keep(file, { Absent: answer.code });
        return undefined;
      }
      keep(file, answer.value);
      return answer.value;
    },
    told: () => ({
      files: [...files].toSorted(byName).map(([path, text]) => ({ path, text })),
      denied: [...denied].toSorted(byName).map(([, one]) => one),
    }),
  };
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
