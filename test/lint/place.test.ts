import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { placesIn } from "../../agent/lint/place.ts";

const text = `{
  "Version": "2012-10-17",
  "Statement": [
    { "Effect": "Allow" },
    {
      "Action": ["s3:GetObject", "s3:PutObject"],
      "Condition": { "StringLike": { "s3:prefix": ["a/", "b/"] } }
    }
  ]
}
`;

describe("the place of a path", () => {
  const rows: readonly (readonly [why: string, path: string, line: number, column: number])[] = [
    ["the document", "", 1, 1],
    ["a member, by its name", "Version", 2, 3],
    ["a statement", "Statement[1]", 5, 5],
    ["a member of a list", "Statement[1].Action[1]", 6, 34],
    ["a name that is no word", 'Statement[1].Condition.StringLike["s3:prefix"]', 7, 38],
    ["a value below it", 'Statement[1].Condition.StringLike["s3:prefix"][1]', 7, 58],
    ["what is not there, where it would be", "Statement[0].Action", 4, 5],
    ["a statement that is not there", "Statement[7]", 3, 3],
  ];
  for (const [why, path, line, column] of rows)
    it(`is that of ${why}`, () => {
      assert.deepEqual(placesIn(text)(path), { line, column });
    });

  it("is not known in what is no JSON", () => {
    assert.equal(placesIn('{"a": [}')("a"), undefined);
  });
});
