// What is more than text in a message.
import assert from "node:assert/strict";
import {test} from "node:test";

import {parts} from "../../chatd/web/markup.js";

const CASES = [
  ["plain", ["plain"]],
  ["see https://a.example/b_(c)?d=*e*, ok", ["see ", {href: "https://a.example/b_(c)?d=*e"}, "*, ok"]],
  ["(https://a.example/x).", ["(", {href: "https://a.example/x"}, ")."]],
  ["https://a.example/x))] and https://a.example/[x])", [{href: "https://a.example/x"}, "))] and ", {href: "https://a.example/[x]"}, ")"]],
  ["javascript:alert(1) http://", ["javascript:alert(1) http://"]],
  ["run `rm *x*` now", ["run ", {code: "rm *x*"}, " now"]],
  ["a\n```js\nif (x)\n  y();\n```\nb", ["a\n", {block: "if (x)\n  y();"}, "b"]],
  ["```a``` \n```b``` c\n\nd", [{block: "a"}, {block: "b"}, "c\n\nd"]],
  ["```a```\n\n  b", [{block: "a"}, "\n  b"]],
  ["``` open", ["``` open"]],
  ["**bold** and *so* on", [{bold: ["bold"]}, " and ", {italic: ["so"]}, " on"]],
  ["**see https://a.example/**", [{bold: ["see ", {href: "https://a.example/"}]}]],
  ["2*3*4 and * a * b and a** b**", ["2*3*4 and * a * b and a** b**"]],
  ["snake_case_name __init__", ["snake_case_name __init__"]],
];

for (const [text, expected] of CASES) test(text, () => assert.deepEqual(parts(text), expected));

test("a long text of marks takes no long time", () => {
  for (const mark of ["*", "`", "```", "**a", "https://", "*a ", "[", "``` \n"]) parts(mark.repeat(4096 / mark.length));
  for (let repeated = 0; repeated < 100; repeated++) parts(`https://a.example/${")".repeat(4000)}`);
});
