// Which words are the same: the cases are also those of tests/store/test_search_cases.py and tests/core/test_highlight.py.
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {test} from "node:test";

import {readSearch} from "../../chatd/web/parsing.js";
import {contains, excerpt} from "../../chatd/web/words.js";

const {found, marked} = JSON.parse(readFileSync(new URL("../cases/words.json", import.meta.url)));

for (const [text, typed, expected] of found) {
  test(`${typed} in ${text}`, () => {
    const terms = readSearch(typed).text.match(/-?"[^"]+"|\S+/gu).map((term) => term.replaceAll('"', ""));
    const holds = (term) => term[0] === "-" ? !contains(text, term.slice(1)) : contains(text, term);
    assert.equal(terms.every(holds), expected);
  });
}

for (const [text, words, shown] of marked) {
  test(`${words} marked in ${text}`, () => {
    assert.equal(excerpt(text, words).map(([part, matches]) => matches ? `[${part}]` : part).join(""), shown);
  });
}

test("an excerpt of a long text has its first match, and cuts no character", () => {
  const text = `${"e\u0301 ".repeat(200)}tea ${"after ".repeat(100)}`;
  const parts = excerpt(text, ["tea"]);
  assert.ok(parts.some(([part, matches]) => matches && part === "tea"));
  assert.deepEqual([parts[0], parts.at(-1)], [["… ", false], [" …", false]]);
  assert.ok(!/^\p{M}/u.test(parts[1][0]));
});
