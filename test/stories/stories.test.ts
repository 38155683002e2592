import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { root } from "../support/root.ts";
import { compare, parseStory, updateStory } from "../support/story.ts";
import { playStory } from "../support/story-player.ts";

const folder = join(root, "test", "stories");
const names = readdirSync(folder).filter((name) => name.endsWith(".txt"));

describe("stories", { concurrency: 2 }, () => {
  for (const name of names) {
    const path = join(folder, name);
    const text = readFileSync(path, "utf8");
    const story = parseStory(text);

    it(`${name}: ${story.title}`, async (t) => {
      const played = await playStory(story);
      if (played.kind === "skipped") return t.skip(played.why);
      if (process.env["UPDATE_GOLDEN"]) {
        return writeFileSync(path, updateStory(text, story, played.came));
      }
      for (const [at, step] of story.steps.entries()) {
        const came = played.came[at];
        if (came !== undefined) compare(step, came);
      }
    });
  }
});
