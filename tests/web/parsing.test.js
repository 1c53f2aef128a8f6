// What a typed line means: the cases are also those of tests/core/test_command_table.py.
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {test} from "node:test";

import {Refusal, parse, typedAs, withoutBlankEnds} from "../../chatd/web/parsing.js";

const {commands, cases} = JSON.parse(readFileSync(new URL("../cases/commands.json", import.meta.url)));
const rows = new Map(commands.flatMap((row) => [row.name, ...(row.also || [])].map((name) => [name, row])));

for (const {line, wire, refused, unknown} of cases) {
  test(line, () => {
    if (refused) assert.throws(() => parse(line, rows), new Refusal(refused));
    else assert.deepEqual(parse(line, rows), wire || {type: "do", command: unknown});
  });
}

test("what is typed for a text is parsed to that text", () => {
  for (const text of ["a", "/me waves", "//a", "/", "/a\nb", "//a\nb"]) assert.deepEqual(parse(typedAs(text), rows), {type: "say", text});
});

test("blank lines at the ends are left out, also of a text with thousands of others", () => {
  const between = "\n".repeat(4000);
  assert.equal(withoutBlankEnds(`\n \n  a${between}b \n\n `), `  a${between}b `);
  assert.equal(withoutBlankEnds(" \n "), "");
});
